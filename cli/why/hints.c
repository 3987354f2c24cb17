/* SPDX-License-Identifier: MIT */
/*
 * Only what follows from the facts is said: a guess that is wrong costs more
 * time than none. Each hint has its own condition and knows nothing of the
 * others.
 */
#include "cli/why/hints.h"

#include <string.h>

#include "abi/control.h"
#include "cli/monitor.h"
#include "cli/why/callers.h"
#include "cli/why/words.h"

#define TYPE_SHIFT 60
#define TYPE_DESC 5
#define TYPE_WRITABLE 7
#define INFO_PINNED (UINT64_C(1) << 59)

static unsigned int type_of(const cJSON *e, const char *key)
{
	return (unsigned int)(monitor_hex(e, key) >> TYPE_SHIFT);
}

static bool is_table(unsigned int type)
{
	return type >= 1 && type <= 4;
}

static bool is_rule(const cJSON *e, const char *name)
{
	return strcmp(monitor_text(e, REFUSAL_RULE, ""), name) == 0;
}

/* The last event of the frame with those words, or NULL. */
static const cJSON *last_of(const cJSON *history, const char *what)
{
	const cJSON *found = NULL;
	const cJSON *e;

	cJSON_ArrayForEach(e, history)
	{
		if (strcmp(monitor_text(e, HISTORY_WHAT, ""), what) == 0) {
			found = e;
		}
	}
	return found;
}

/* Is it to be a table, or a descriptor page, while somebody may write it? */
static bool table_of_writable(const cJSON *e)
{
	const unsigned int wanted = type_of(e, REFUSAL_EXPECTED);

	return type_of(e, REFUSAL_SEEN) == TYPE_WRITABLE &&
	       (is_table(wanted) || wanted == TYPE_DESC);
}

/*
 * The frame was to be made read-only before, by an address that led to no table
 * yet: the number of that request, or 0.
 */
static uint64_t unreachable_at(const struct why_case *c)
{
	const uint64_t frame = monitor_hex(c->event, REFUSAL_MFN);
	const cJSON *e;
	uint64_t found = 0;

	cJSON_ArrayForEach(e, c->refusals)
	{
		const pte_t wanted = pte(monitor_hex(e, REFUSAL_OPERAND1));

		if (e == c->event) {
			break;
		}
		if (is_rule(e, "VA_UNMAPPED") && pte_present(wanted) &&
		    !pte_writable(wanted) && pte_mfn(wanted).v == frame) {
			found = monitor_number(e, REFUSAL_REQUEST, 0);
		}
	}
	return found;
}

static void tell_without_rw(struct text *t, const struct why_case *c,
			    const struct holders *h)
{
	const uint64_t before = unreachable_at(c);

	text_format(t, "  accepted if the %s had been written without RW",
		    h->writable == 1 ? "entry that holds it"
				     : "writable entries");
	if (before != 0) {
		text_format(t, ", or the mapping were reachable at #%lu",
			    before);
	}
	text_char(t, '\n');
}

static void tell_accepted(struct text *t, const struct why_case *c,
			  const struct holders *h)
{
	const uint64_t bits = monitor_hex(c->event, REFUSAL_BITS);

	if (bits != 0) {
		text_string(t, "  accepted if the entry were without ");
		words_flags(t, bits);
		text_char(t, '\n');
	} else if (is_table(type_of(c->event, REFUSAL_SEEN)) &&
		   type_of(c->event, REFUSAL_EXPECTED) == TYPE_WRITABLE) {
		text_string(t, "  accepted if the entry were without RW\n");
	} else if (table_of_writable(c->event) && h != NULL &&
		   h->writable != 0 && !h->pinned) {
		tell_without_rw(t, c, h);
	}
}

/*
 * A pfn where an mfn belongs: the domain has no frame of that number, or the
 * pfn of that number was made ready for what is asked, and this frame was not.
 */
static void tell_number(struct text *t, const struct why_case *c,
			const struct holders *h)
{
	const uint64_t number = monitor_hex(c->event, REFUSAL_MFN);

	if (h->as_pfn == 0) {
		return;
	}
	if (h->foreign) {
		text_format(t,
			    "  hint       the domain has no mfn %lx; as a pfn "
			    "it is mfn %lx\n",
			    number, h->as_pfn);
	} else if (table_of_writable(c->event) && h->pfn_is_set) {
		text_format(t,
			    "  hint       as a pfn %lx is mfn %lx, which is "
			    "mapped nowhere writable\n",
			    number, h->as_pfn);
	}
}

/* Where the memory that is to be a table is still mapped. */
static void tell_mapped(struct text *t, const struct why_case *c,
			const struct holders *h)
{
	for (unsigned int i = 0; table_of_writable(c->event) && i < h->nr;
	     i++) {
		if (h->list[i].reached && pte_writable(h->list[i].entry)) {
			text_format(t,
				    "  hint       the table is made of memory "
				    "that is still mapped writable at %lx\n",
				    h->list[i].va);
			return;
		}
	}
}

/*
 * The pin that somebody has forgotten: it is pinned again, it was given back
 * meanwhile, or somebody writes to it as to a page of data.
 */
static void tell_pinned(struct text *t, const struct why_case *c,
			const struct holders *h)
{
	const uint64_t seen = monitor_hex(c->event, REFUSAL_SEEN);
	const cJSON *pinned = last_of(c->history, "pinned");
	const char *what = NULL;

	if (is_rule(c->event, "ALREADY_PINNED")) {
		what = pinned == NULL ? NULL : "the same frame was pinned";
	} else if ((seen & INFO_PINNED) == 0) {
		return;
	} else if (h != NULL && h->given_back) {
		what = "the frame was given back while it is pinned";
	} else if (why_is_fault(c->event) ||
		   type_of(c->event, REFUSAL_EXPECTED) == TYPE_WRITABLE) {
		what = "the frame is pinned still";
	}
	if (what == NULL) {
		return;
	}
	text_format(t, "  hint       %s", what);
	if (pinned != NULL) {
		text_format(t, "%s #%lu",
			    is_rule(c->event, "ALREADY_PINNED") ? " at"
								: ", since",
			    monitor_number(pinned, HISTORY_REQUEST, 0));
	}
	text_char(t, '\n');
}

/* It became a table before the guest ran, and has been one ever since. */
static void tell_builders(struct text *t, const struct why_case *c)
{
	const cJSON *typed = last_of(c->history, "became a table");

	if (typed != NULL && last_of(c->history, "taken down") == NULL &&
	    is_table(type_of(c->event, REFUSAL_SEEN)) &&
	    type_of(c->event, REFUSAL_EXPECTED) !=
		    type_of(c->event, REFUSAL_SEEN) &&
	    strcmp(monitor_text(typed, HISTORY_OP, ""), "domain start") == 0) {
		text_string(t,
			    "  hint       the frame is a table that came with "
			    "the domain (start_info: pt_base, nr_pt_frames)\n");
	}
}

/* With --lint, who made the entry what the CPU has not seen yet. */
static void tell_stale(struct text *t, const struct why_case *c)
{
	const cJSON *e;
	const cJSON *found = NULL;
	char caller[WHY_NAME];

	if (strcmp(monitor_text(c->event, CONTROL_EVENT, ""), EVENT_STALE) !=
	    0) {
		return;
	}
	cJSON_ArrayForEach(e, c->lint)
	{
		if (strcmp(monitor_text(e, LINT_WHAT, ""),
			   LINT_NAME_NO_FLUSH) == 0 &&
		    monitor_hex(e, LINT_TABLE) ==
			    monitor_hex(c->event, STALE_TABLE) &&
		    monitor_number(e, LINT_SLOT, PT_ENTRIES) ==
			    monitor_number(c->event, STALE_SLOT, 0)) {
			found = e;
		}
	}
	if (found == NULL) {
		return;
	}
	text_format(t, "  hint       #%lu %s made the entry writable",
		    monitor_number(found, LINT_REQUEST, 0),
		    monitor_text(found, LINT_OP, "?"));
	if (callers_first(cJSON_GetObjectItemCaseSensitive(found, LINT_STACK),
			  c->kernel, caller)) {
		text_format(t, ", by %s", caller);
	}
	text_string(t, "; the CPU has kept what it was before: ");
	words_flags(t, monitor_hex(found, LINT_OLD));
	text_char(t, '\n');
}

void hints_tell(struct text *t, const struct why_case *c,
		const struct holders *h)
{
	tell_accepted(t, c, h);
	if (h != NULL) {
		tell_number(t, c, h);
		tell_mapped(t, c, h);
	}
	tell_pinned(t, c, h);
	tell_builders(t, c);
	tell_stale(t, c);
}
