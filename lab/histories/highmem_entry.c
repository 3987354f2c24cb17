/* SPDX-License-Identifier: MIT */
/* 2009: the machine address of an entry, by arithmetic. */
#include <stddef.h>

#include "lab/deed.h"
#include "lab/histories/histories.h"

#define TABLE 0 /* pages of the alias: the window that shows the table, */
#define PAGE 1  /* and a page that the table maps */

static maddr_t by_arithmetic(struct guest *g, vaddr_t entry)
{
	pfn_t frame = pfn((entry.v - g->config.direct_base.v) >> PAGE_SHIFT);

	return maddr((guest_p2m_get(g, frame).v << PAGE_SHIFT) +
		     page_offset(entry.v));
}

static maddr_t by_lookup(struct guest *g, vaddr_t entry)
{
	struct guest_slot slot;
	pte_t e = pte(0);

	if (guest_lookup(g, g->kernel.root, entry, &slot, &e) != 0) {
		return maddr(0);
	}
	return maddr(mfn_to_maddr(pte_mfn(e)).v + page_offset(entry.v));
}

enum finding { BY_ARITHMETIC, BY_LOOKUP };

/* Takes RW from the entry that is seen at an address. */
static LAB_NAMED int modify_entry(struct guest *g, vaddr_t entry, pte_t value,
				  enum finding how)
{
	guest_batch_entry(g,
			  how == BY_LOOKUP ? by_lookup(g, entry)
					   : by_arithmetic(g, entry),
			  pte(value.v & ~PTE_RW));
	return guest_flush(g);
}

/* A page in a table of its own, and the table seen through a window. */
static int modify(struct guest *g, enum finding how)
{
	vaddr_t page = vaddr(LAB_ALIAS + PAGE * PAGE_SIZE);
	struct guest_slot slot;
	pfn_t frame;
	pte_t e = pte(0);
	int error = guest_alloc_frames(g, 1, &frame);

	if (error == 0) {
		error = lab_map_alias(g, PAGE, frame, LAB_WRITES);
	}
	if (error == 0) {
		error = guest_lookup(g, g->kernel.root, page, &slot, &e);
	}
	if (error == 0) {
		error = lab_map_alias(g, TABLE, slot.table, LAB_READS);
	}
	if (error == 0) {
		error = modify_entry(g,
				     vaddr(LAB_ALIAS +
					   slot.index * sizeof(pte_t)),
				     e, how);
	}
	if (error == 0) {
		error = lab_unmap_alias(g, TABLE);
	}
	if (error == 0) {
		error = lab_unmap_alias(g, PAGE);
	}
	return error == 0 ? guest_free_frames(g, frame, 1) : error;
}

static int modify_by_arithmetic(struct guest *g, struct lab_kernel *k)
{
	(void)k;
	return modify(g, BY_ARITHMETIC);
}

static int modify_by_lookup(struct guest *g, struct lab_kernel *k)
{
	(void)k;
	return modify(g, BY_LOOKUP);
}

static const struct lab_deed bad_deed = {LAB_DEED, modify_by_arithmetic};
static const struct lab_deed good_deed = {LAB_DEED, modify_by_lookup};

enum { ARITHMETIC, LOOKUP };

static const struct lab_policy policies[] = {
	[ARITHMETIC] = {.history = "highmem-entry",
			.name = "arithmetic",
			.title = "from the address, as in the direct map",
			.deed = &bad_deed},
	[LOOKUP] = {.history = "highmem-entry",
		    .name = "lookup",
		    .title = "what the page tables say",
		    .deed = &good_deed},
};

static const struct lab_blame blame = {
	.title = "UPDATE_FRAME",
	.asker = "modify_entry",
	.holder = LAB_HELD_BY_NOTHING,
};

static const struct lab_case cases[] = {
	{&policies[ARITHMETIC], &lab_world_small, LAB_REFUSED, LAB_DEED,
	 "refused by UPDATE_FRAME", &blame},
	{&policies[LOOKUP], &lab_world_small, LAB_CASE_RIGHT},
};

const struct lab_history history_highmem_entry = {
	.name = "highmem-entry",
	.title = "an entry's machine address is computed from a temporary "
		 "mapping's",
	.source = "February 2009, the machine address of a highmem entry in "
		  "ptep_modify_prot (9f32d21c981b)",
	.story = "An entry is changed by its machine address. For a table in "
		 "the direct map that is arithmetic and a look into the P2M. A "
		 "table in high memory is reached through a temporary mapping, "
		 "whose address says nothing of the frame behind it; the "
		 "arithmetic (`arithmetic`) then names a frame that is no "
		 "table, or none at all, and the update is refused, or lands "
		 "in memory that is another's. The address has to be looked up "
		 "in the page tables (`lookup`). The report names who asked; "
		 "nothing holds a frame that is not there.",
	.policies = policies,
	.nr_policies = LAB_NR(policies),
	.cases = cases,
	.nr_cases = LAB_NR(cases),
};
