/* SPDX-License-Identifier: MIT */
/* One line for a record: what it says, in the order of pagewarden/trace.h. */
#include "cli/trace_text.h"

#include "engine/report/event.h"

static const char *const type_name[FRAME_TYPES] = {
	[FRAME_L1] = "L1",
	[FRAME_L2] = "L2",
	[FRAME_L3] = "L3",
	[FRAME_L4] = "L4",
	[FRAME_DESC] = "descriptors",
	[FRAME_L2_XEN] = "last L2",
};

static void bytes(struct text *t, const struct trace_record *r)
{
	if ((r->detail & TRACE_FAULT) != 0) {
		text_string(t, " page fault");
	}
	for (unsigned int i = 0; i < trace_words_in(r); i++) {
		text_format(t, " %#lx", (unsigned long)trace_word_in(r, i));
	}
}

static void begin(struct text *t, const struct trace_record *r)
{
	text_format(t, "%lu %s", (unsigned long)r->word[2],
		    operation_info[r->detail].name);
	for (unsigned int i = TRACE_BEGIN_WORDS; i < r->nr; i++) {
		text_format(t, " %#lx", (unsigned long)r->word[i]);
	}
	if (r->vcpu != TRACE_NO_VCPU) {
		text_format(t, " by d%uv%u at %#lx", r->domain, r->vcpu,
			    (unsigned long)r->word[1]);
	} else {
		text_format(t, " for d%u", r->domain);
	}
	if (r->word[3] != 0) {
		text_format(t, ", call %lu of a multicall",
			    (unsigned long)r->word[3]);
	}
}

static void frames(struct text *t, const char *what,
		   const struct trace_record *r)
{
	text_format(t, "%s: %lu from mfn %lx on", what,
		    (unsigned long)r->word[r->nr - 1],
		    (unsigned long)r->word[0]);
	if (r->kind == TRACE_ASSIGN) {
		text_format(t, ", d%u's from pfn %lx on", r->domain,
			    (unsigned long)r->word[1]);
	}
}

static void inside(struct text *t, const struct trace_record *r)
{
	switch (r->kind) {
	case TRACE_COPIED_IN:
		text_string(t, "  in");
		bytes(t, r);
		break;
	case TRACE_COPIED_OUT:
		text_string(t, "  out");
		bytes(t, r);
		break;
	case TRACE_PREEMPTED:
		text_format(t, "  stopped at question %lu",
			    (unsigned long)r->word[0]);
		break;
	case TRACE_TABLE:
		text_format(t, "  mfn %lx judged as %s, %u words in it",
			    (unsigned long)r->word[0], type_name[r->detail],
			    r->nr - 1u - TRACE_BITMAP_WORDS);
		break;
	case TRACE_REFUSED:
		text_format(t, "  refused: %s at index %lu",
			    rule_info[r->detail].name,
			    (unsigned long)r->word[1]);
		if (r->word[0] != INVALID_FRAME) {
			text_format(t, ", mfn %lx", (unsigned long)r->word[0]);
		}
		break;
	default:
		text_format(t, "  = %ld", (long)r->word[0]);
	}
}

void trace_text(struct text *t, const struct trace_record *r)
{
	switch (r->kind) {
	case TRACE_NAMES:
		text_format(t, "%s by name",
			    r->detail == TRACE_NAMES_RULES ? "rules"
							   : "operations");
		break;
	case TRACE_MACHINE:
		text_format(t, "a machine of %lu frames, M2P at %#lx",
			    (unsigned long)r->word[0],
			    (unsigned long)r->word[1]);
		break;
	case TRACE_MACHINE_32:
		text_format(t, "for domains of 32 bits: M2P at %#lx",
			    (unsigned long)r->word[0]);
		break;
	case TRACE_EXTENDED_CR3:
		text_format(t, "d%u: roots %s", r->domain,
			    r->detail != 0 ? "anywhere" : "below 4 GiB");
		break;
	case TRACE_OWN:
		frames(t, "the hypervisor's frames", r);
		break;
	case TRACE_POOL:
		frames(t, "free frames", r);
		break;
	case TRACE_ASSIGN:
		frames(t, "frames", r);
		break;
	case TRACE_DOMAIN:
		text_format(t, "d%u begins, domid %u%s", r->domain, r->detail,
			    r->nr == 0 ? "" : ", of 32 bits");
		break;
	case TRACE_VCPU:
		text_format(t, "d%uv%u begins", r->domain, r->vcpu);
		break;
	case TRACE_LEND:
		text_format(t, "mfn %lx lent to d%u%s",
			    (unsigned long)r->word[0], r->domain,
			    r->detail != 0 ? ", writable" : "");
		break;
	case TRACE_BEGIN:
		begin(t, r);
		break;
	case TRACE_CLOCK:
		text_format(t, "the TSC has %lu kHz",
			    (unsigned long)r->word[0]);
		break;
	case TRACE_LIMIT:
		text_format(t, "d%u may have %lu frames", r->domain,
			    (unsigned long)r->word[0]);
		break;
	case TRACE_CACHED:
		text_format(t, "d%uv%u: the TLB holds %#lx", r->domain, r->vcpu,
			    (unsigned long)r->word[0]);
		break;
	case TRACE_PAGE_FAULT:
		text_format(t, "d%uv%u: page fault at %#lx, error code %lx%s",
			    r->domain, r->vcpu, (unsigned long)r->word[0],
			    (unsigned long)r->word[1],
			    (r->detail & TRACE_STALE) != 0
				    ? ": the tables allow it, the TLB did not"
				    : "");
		break;
	case TRACE_STOPPED:
		text_format(t, "d%u ends: %s", r->domain,
			    (const char *)r->word);
		break;
	default:
		inside(t, r);
	}
}
