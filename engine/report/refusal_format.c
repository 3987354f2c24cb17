/* SPDX-License-Identifier: MIT */
/*
 * A refusal as one line of text.
 */
#include "abi/text.h"
#include "engine/mmu.h"
#include "engine/report/refusal.h"

static void put_frame(struct text *t, const struct refusal *r)
{
	text_string(t, "mfn ");
	text_hex(t, r->frame.v, 0);
	if (r->pfn.v == PFN_INVALID.v) {
		return;
	}
	text_string(t, " (pfn ");
	text_hex(t, r->pfn.v, 0);
	text_char(t, ')');
}

/* Xen's words come first, so that its public record can be searched. */
static void put_fact(struct text *t, const struct refusal *r)
{
	if (r->has_types) {
		text_string(t, "Bad type (saw ");
		text_hex(t, r->seen, 16);
		text_string(t, " != exp ");
		text_hex(t, r->expected, 16);
		text_string(t, ") for ");
		put_frame(t, r);
		text_string(t, ": ");
	}
	text_string(t, rule_info[r->rule].sentence);
	if (!r->has_types && r->frame.v != INVALID_FRAME) {
		text_string(t, ": ");
		put_frame(t, r);
	}
}

static void put_entry(struct text *t, const struct refusal *r)
{
	if (r->level == 0) {
		return;
	}
	text_string(t, "; L");
	text_decimal(t, r->level);
	text_string(t, " entry ");
	text_hex(t, r->entry.v, 16);
	if (r->nr_path != 0) {
		text_string(t, " at ");
		text_hex(t, refusal_where(r).v, 0);
	}
}

size_t refusal_format(const struct refusal *r, char *buf, size_t size)
{
	struct text t = text_in(buf, size);

	put_fact(&t, r);
	put_entry(&t, r);
	text_string(&t, "; ");
	text_string(&t, operation_info[r->op.id].name);
	text_char(&t, '[');
	text_decimal(&t, r->op.index);
	text_string(&t, "] refused by ");
	text_string(&t, rule_info[r->rule].name);
	text_string(&t, " (");
	text_string(&t, rule_info[r->rule].invariant);
	text_string(&t, ") errno -");
	text_decimal(&t, (uint64_t)rule_info[r->rule].err);
	if (r->rip != 0) {
		text_string(&t, ", rip ");
		text_hex(&t, r->rip, 0);
	}
	text_mark_cut(&t);
	return t.used;
}
