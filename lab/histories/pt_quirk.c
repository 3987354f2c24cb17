/* SPDX-License-Identifier: MIT */
/* 2012: a 32-bit guest's tables begin two frames before pt_base. */
#include <stddef.h>

#include "lab/deed.h"
#include "lab/histories/histories.h"

/* nr_pt_frames from pt_base on, as if the root were the first of them. */
static LAB_NAMED int reserve_from_pt_base(struct guest *g, struct lab_kernel *k)
{
	const struct guest_boot *b = &g->boot;
	uint64_t before = b->root.v - b->tables_start.v;
	int error = lab_do_step(g, k);

	if (error == 0) {
		error = guest_memblock_free(&g->memblock, b->tables_start,
					    b->root);
	}
	if (error == 0) {
		error = guest_region_remove(&g->tables, b->tables_start,
					    b->root);
	}
	if (error == 0 &&
	    guest_fail(g, 0,
		       "%lu page tables before pt_base, from pfn %lx on, are "
		       "free memory",
		       before, b->tables_start.v) == 0) {
		lab_say(g, g->message);
	}
	return error == 0
		       ? guest_memblock_reserve(&g->memblock, b->root,
						pfn_add(b->tables_end, before))
		       : error;
}

static const struct lab_deed bad_deed = {LAB_MEMORY_MAP, reserve_from_pt_base};

enum { FROM_PT_BASE, WHOLE_STRETCH };

static const struct lab_policy policies[] = {
	[FROM_PT_BASE] = {.history = "pt-quirk",
			  .name = "from-pt-base",
			  .title = "reserve nr_pt_frames from pt_base on",
			  .deed = &bad_deed},
	[WHOLE_STRETCH] = {.history = "pt-quirk",
			   .name = "whole-stretch",
			   .title = "reserve from the P2M list to the stack"},
};

static const struct lab_world pae = {.name = "hypervisor PAE",
				     LAB_UNDER_HYPERVISOR,
				     .on_metal = true,
				     .tables = LAB_PAE,
				     .memory = LAB_MEMORY_SMALL};

static const struct lab_blame blame = {
	.title = "MISTAKE",
	.holder = LAB_HELD_AS_TABLE,
	.maker = "guest_own_tables",
};

static const struct lab_case cases[] = {
	{&policies[FROM_PT_BASE], &pae, LAB_WRONG, LAB_DONE,
	 "2 page tables before pt_base", &blame},
	{&policies[WHOLE_STRETCH], &pae, LAB_CASE_RIGHT},
};

const struct lab_history history_pt_quirk = {
	.name = "pt-quirk",
	.title = "a 32-bit guest's page tables begin two frames before pt_base",
	.source = "August 2012, \"xen/mmu: Workaround 64-bit hypervisor and "
		  "32-bit initial domain\" (806c312e50f1)",
	.story = "A 64-bit hypervisor that fills the initial mapping of a "
		 "32-bit guest takes the first L1 table, the L2 above it and "
		 "the L3 in this order. `pt_base` names the L3, and "
		 "`nr_pt_frames` counts from the first: so the tables begin "
		 "two frames before the address that a kernel is given. One "
		 "that reserves `nr_pt_frames` from `pt_base` on "
		 "(`from-pt-base`) hands an L1 and an L2 table in use to its "
		 "allocator, and keeps a frame behind the stack that nobody "
		 "uses. The lab's kernel has an L2 of its own by the end; the "
		 "L1 is then still a table, and taken for free memory. What "
		 "held is to reserve all that the builder "
		 "put there, from the P2M list to the stack, without trying "
		 "to be clever (`whole-stretch`); the big-p2m change of 2015 "
		 "had to keep it. Newer hypervisors take the L3 first; so the "
		 "library asks the tables themselves where they begin.",
	.policies = policies,
	.nr_policies = LAB_NR(policies),
	.cases = cases,
	.nr_cases = LAB_NR(cases),
};
