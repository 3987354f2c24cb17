/* SPDX-License-Identifier: MIT */
/* The rules of docs/differences.md, and which of them hold. */
#include "kernels/reference/diff.h"

static const char *const name[DIFF_RULES] = {
	[RULE_CACHE_ATTRIBUTES] = "cache-attributes",
	[RULE_CACHE_FLUSH] = "cache-flush",
	[RULE_DEVICE_MEMORY] = "device-memory",
	[RULE_DIRECT_WRITES] = "direct-writes",
	[RULE_FIRST_SLOT] = "first-slot",
	[RULE_FOREIGN_DOMAIN] = "foreign-domain",
	[RULE_GLOBAL_KERNEL] = "global-kernel",
};

bool rule_holds(const struct diff *d, enum diff_rule rule)
{
	return (d->without & 1u << rule) == 0;
}

bool rule_broken(struct diff *d, enum diff_rule rule)
{
	return !rule_holds(d, rule) && chance(d, 20);
}

bool rules_read(struct diff *d, const char *cmdline)
{
	const char *text = cmdline_text(cmdline, "without");

	d->without = text != NULL && word_is(text, "all") ? ~0u : 0;
	for (unsigned int i = 0; text != NULL && i < DIFF_RULES; i++) {
		if (word_is(text, name[i])) {
			d->without |= 1u << i;
		}
	}
	if (text == NULL || d->without != 0) {
		return true;
	}
	say("diff: without= no such rule; there are:");
	for (unsigned int i = 0; i < DIFF_RULES; i++) {
		say("diff: rule %s", name[i]);
	}
	say("diff: end");
	return false;
}

static void put_entry(struct diff *d, unsigned int table, unsigned int index,
		      mfn_t to)
{
	record_result(d,
		      ask_update((d->frame[table].v << PAGE_SHIFT) + index * 8,
				 pte_make(to, PTE_P | PTE_RW | PTE_US).v));
}

/*
 * An L4 whose L3 has its only L2 in slot 0, and that L2 a good L1 and then
 * one that does not exist. It cannot be pinned; what becomes of the L2?
 */
static void first_slot(struct diff *d)
{
	enum { L1 = 3, L2 = 7, L3 = 10, L4 = 12 };

	record_op(d, "first slot");
	for (unsigned int nr = L1; nr <= L4; nr++) {
		record_result(d, ask_mapping(direct_va(d, nr),
					     pte_make(d->frame[nr], PTE_P).v));
	}
	put_entry(d, L2, 1, d->frame[L1]);
	put_entry(d, L2, 2, d->frame[FRAME_BEYOND]);
	put_entry(d, L3, 0, d->frame[L2]);
	put_entry(d, L4, 1, d->frame[L3]);
	record_result(d, ask_extended(MMUEXT_PIN_L4_TABLE, d->frame[L4].v));
}

void rules_begin(struct diff *d)
{
	if (!rule_holds(d, RULE_FIRST_SLOT)) {
		first_slot(d);
		record_state(d);
		record_flush(d);
	}
}
