/* SPDX-License-Identifier: MIT */
/* 2012: more than the builder's P2M is freed. */
#include <stddef.h>

#include "lab/deed.h"
#include "lab/histories/histories.h"

#define LARGE_FRAMES UINT64_C(512)

/* From the first page of the list to the end of a large page. */
static LAB_NAMED int release_rounded(struct guest *g, struct lab_kernel *k)
{
	uint64_t nr = g->boot.nr_pages * sizeof(uint64_t) / PAGE_SIZE;
	pfn_t at = g->boot.p2m_start;
	pfn_t end = pfn((at.v + nr + LARGE_FRAMES - 1) & ~(LARGE_FRAMES - 1));
	int error = 0;

	(void)k;
	for (; error == 0 && at.v < end.v; at = pfn_add(at, 1)) {
		error = guest_make_readwrite(g, at, GUEST_FLUSH);
		error = error == 0 ? guest_flush(g) : error;
	}
	return error == 0 ? guest_memblock_free(&g->memblock, g->boot.p2m_start,
						end)
			  : error;
}

static const struct lab_deed bad_deed = {LAB_DROP_P2M, release_rounded};

enum { ROUNDED, EXACT };

static const struct lab_policy policies[] = {
	[ROUNDED] = {.history = "mfn-list",
		     .name = "rounded",
		     .title = "free up to the next 2 MiB",
		     .deed = &bad_deed},
	[EXACT] = {.history = "mfn-list",
		   .name = "exact",
		   .title = "drop the mapping, free what it was"},
};

static const struct lab_blame blame = {
	.title = "NOT_WRITABLE",
	.asker = "release_rounded",
	.holder = LAB_HELD_AS_TABLE,
	.maker = "guest_own_tables",
};

static const struct lab_case cases[] = {
	{&policies[ROUNDED], &lab_world_small, LAB_REFUSED, LAB_DROP_P2M,
	 "!= exp 7000000000000000)", &blame},
	{&policies[EXACT], &lab_world_small, LAB_CASE_RIGHT},
};

const struct lab_history history_mfn_list = {
	.name = "mfn-list",
	.title =
		"what is freed as the builder's P2M has page tables at its end",
	.source = "July 2012, \"xen/mmu: Release just the MFN list, not MFN "
		  "list and part of pagetables\" (3fc509fc0c59)",
	.story = "The kernel has its own P2M and gives the builder's back to "
		 "the allocator, but with its end rounded up to the next 2 MiB "
		 "(`rounded`). Behind the list lie page tables. In 2012 they "
		 "were handed out as memory, and much later, when the kernel "
		 "write-protected its data, came `Bad type (saw "
		 "1400000000000002 != exp 7000000000000000)`. The lab makes "
		 "each page writable when it is freed, as is right for what "
		 "was a P2M, and so is refused at once. What held is to free "
		 "to the exact page (`exact`).",
	.policies = policies,
	.nr_policies = LAB_NR(policies),
	.cases = cases,
	.nr_cases = LAB_NR(cases),
};
