/* SPDX-License-Identifier: MIT */
/* 2022: an upper entry loses its accessed bit by a store. */
#include <stddef.h>

#include "lab/deed.h"
#include "lab/histories/histories.h"
#include "pagewarden/port.h"

/* Of the L2 entry by which the first page of the direct map is reached. */
static LAB_NAMED void clear_accessed(struct guest *g, struct guest_slot slot)
{
	vaddr_t at = vaddr_add(guest_direct_va(g, slot.table),
			       slot.index * sizeof(pte_t));

	guest_port_store64(g, at, guest_port_load64(g, at) & ~PTE_A);
}

static int age_by_store(struct guest *g, struct lab_kernel *k)
{
	struct guest_slot slot;
	int error = lab_slot_of(g, guest_direct_va(g, pfn(0)), 2, &slot);

	(void)k;
	if (error == 0) {
		lab_about(g, slot.table);
		clear_accessed(g, slot);
	}
	return error;
}

static int age_if_able(struct guest *g, struct lab_kernel *k)
{
	return g->ops->hypervisor ? 0 : age_by_store(g, k);
}

static const struct lab_deed bad_deed = {LAB_DEED, age_by_store};
static const struct lab_deed good_deed = {LAB_DEED, age_if_able};

enum { STORE, CAPABILITY };

static const struct lab_policy policies[] = {
	[STORE] = {.history = "accessed-bit",
		   .name = "store",
		   .title = "clear it as the CPU would set it",
		   .deed = &bad_deed},
	[CAPABILITY] = {.history = "accessed-bit",
			.name = "capability",
			.title = "not where tables are read-only",
			.deed = &good_deed},
};

static const struct lab_blame blame = {
	.title = "TABLE_WRITTEN",
	.asker = "clear_accessed",
	.holder = LAB_HELD_AS_TABLE,
	.maker = "map_level",
};

static const struct lab_case cases[] = {
	{&policies[STORE], &lab_world_small, LAB_FAULT, LAB_DEED,
	 "unhandled page fault (ec=0003)", &blame},
	{&policies[CAPABILITY], &lab_world_small, LAB_CASE_RIGHT},
};

const struct lab_history history_accessed_bit = {
	.name = "accessed-bit",
	.title = "the accessed bit of an entry above level 1 is cleared by a "
		 "store",
	.source = "November 2022, \"mm: introduce "
		  "arch_has_hw_nonleaf_pmd_young()\", for eed9a328aa1a (\"mm: "
		  "x86: add CONFIG_ARCH_HAS_NONLEAF_PMD_YOUNG\")",
	.story = "Generic code ages pages by their accessed bits, since 2022 "
		 "those of tables too: it clears the bit in an L2 entry by a "
		 "plain atomic store. The L2 of a PV guest is pinned, or hangs "
		 "below what is, and so is mapped read-only: a page fault, "
		 "which Xen lets nobody repair for tables above level 1 "
		 "(`store`). The cure is to ask whether this CPU, or this "
		 "hypervisor, can do it (`capability`). The report names the "
		 "table written and who made it one.",
	.policies = policies,
	.nr_policies = LAB_NR(policies),
	.cases = cases,
	.nr_cases = LAB_NR(cases),
};
