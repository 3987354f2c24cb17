/* SPDX-License-Identifier: MIT */
/* 2015-17: the builder's P2M, freed in large steps. */
#include <stddef.h>

#include "lab/deed.h"
#include "lab/histories/histories.h"

#define LARGE_FRAMES UINT64_C(512)

/* The frames of one step, as if they began where a large page does. */
static LAB_NAMED int free_step(struct guest *g, pfn_t first)
{
	int error = 0;

	for (uint64_t i = 0; error == 0 && i < LARGE_FRAMES; i++) {
		error = guest_make_readwrite(g, pfn_add(first, i), GUEST_FLUSH);
		error = error == 0 ? guest_flush(g) : error;
	}
	return error;
}

static int free_aligned(struct guest *g, struct lab_kernel *k)
{
	uint64_t steps = (g->boot.nr_pages * sizeof(uint64_t) >> PAGE_SHIFT) /
				 LARGE_FRAMES +
			 1;
	pfn_t first = pfn(g->boot.p2m_start.v & ~(LARGE_FRAMES - 1));
	int error = 0;

	(void)k;
	for (uint64_t i = 0; error == 0 && i < steps; i++) {
		error = free_step(g, pfn_add(first, i * LARGE_FRAMES));
	}
	return error;
}

static const struct lab_deed bad_deed = {LAB_DROP_P2M, free_aligned};

enum { AS_LARGE, BY_ENTRY };

static const struct lab_policy policies[] = {
	[AS_LARGE] = {.history = "large-p2m",
		      .name = "as-large",
		      .title = "free by 2 MiB, from a multiple of that on",
		      .deed = &bad_deed},
	[BY_ENTRY] = {.history = "large-p2m",
		      .name = "by-entry",
		      .title = "free what each entry maps"},
};

static const struct lab_blame blame = {
	.title = "NOT_WRITABLE",
	.asker = "free_step",
	.holder = LAB_HELD_AS_TABLE,
	.maker = "guest_own_tables",
};

static const struct lab_case cases[] = {
	{&policies[AS_LARGE], &lab_world_small, LAB_REFUSED, LAB_DROP_P2M,
	 "!= exp 7000000000000000)", &blame},
	{&policies[BY_ENTRY], &lab_world_small, LAB_CASE_RIGHT},
};

const struct lab_history history_large_p2m = {
	.name = "large-p2m",
	.title = "the builder's P2M is freed by large pages that begin "
		 "elsewhere",
	.source = "May 2015 to 2017, the P2M mapped with large pages, not "
		  "aligned in guest-physical space",
	.story = "The builder may map the P2M with pages of 2 MiB. Its address "
		 "is a multiple of 2 MiB; the frames behind it need not be. A "
		 "kernel that takes the mapping down by steps of 2 MiB, "
		 "whatever the entries are (`as-large`), and frees for each "
		 "step the 512 frames from a multiple of 512 on, frees what "
		 "lies in front of the list and behind it as well. The first "
		 "of them that is not ordinary memory stops it; in the lab "
		 "that is a table which maps the list itself, since its "
		 "builder uses 4 KiB entries. What to free is what each entry "
		 "maps (`by-entry`), and what is freed must first be out of "
		 "use.",
	.policies = policies,
	.nr_policies = LAB_NR(policies),
	.cases = cases,
	.nr_cases = LAB_NR(cases),
};
