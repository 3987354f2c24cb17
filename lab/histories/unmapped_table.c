/* SPDX-License-Identifier: MIT */
/* 2010: a table that nothing maps yet. */
#include <stddef.h>

#include "lab/deed.h"
#include "lab/histories/histories.h"

/* As if it were mapped: without looking whether it is. */
static LAB_NAMED void insist_on_readonly(struct guest *g, pfn_t frame)
{
	guest_batch_mapping(g, guest_direct_va(g, frame),
			    guest_make_pte(g, frame,
					   lab_page_flags(g, LAB_READS)),
			    0);
}

static const struct guest_policy insist = {
	.recycle = GUEST_FLUSH,
	.flags = guest_policy_flags,
	.range_done = guest_policy_range_done,
	.unreachable = insist_on_readonly,
};

enum { INSIST, COPE };

static const struct lab_policy policies[] = {
	[INSIST] = {.history = "unmapped-table",
		    .name = "insist",
		    .title = "make it read-only at its address to be",
		    .map = &insist},
	[COPE] = {.history = "unmapped-table",
		  .name = "cope",
		  .title = "what is not mapped needs nothing",
		  .map = &guest_policy_default},
};

static const struct lab_blame blame = {
	.title = "VA_UNMAPPED",
	.asker = "insist_on_readonly",
	.holder = LAB_HELD_BY_NOTHING,
};

static const struct lab_case cases[] = {
	{&policies[INSIST], &lab_world_small, LAB_REFUSED, LAB_DIRECT_MAP,
	 "refused by VA_UNMAPPED", &blame},
	{&policies[COPE], &lab_world_small, LAB_CASE_RIGHT},
};

const struct lab_history history_unmapped_table = {
	.name = "unmapped-table",
	.title = "a table is to be made read-only before anything maps it",
	.source = "February 2010, \"xen: Cope with unmapped pages when "
		  "initializing kernel pagetable\" (fef5ba797991)",
	.story =
		"While the direct map is being built its tables come from "
		"pages that it does not map yet. Such a page needs no change "
		"to be read-only, and asking for one (`insist`) is refused: "
		"the address has no L1 table. It has to be taken for what it "
		"is, not mapped (`cope`); whoever maps it later must then "
		"know that it is a table, which is the matter of `table-high`.",
	.policies = policies,
	.nr_policies = LAB_NR(policies),
	.cases = cases,
	.nr_cases = LAB_NR(cases),
};
