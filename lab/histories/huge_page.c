/* SPDX-License-Identifier: MIT */
/* 2023: a large page in a guest that may have none. */
#include <stddef.h>

#include "lab/deed.h"
#include "lab/histories/histories.h"

/* Queued, as at run time every entry is. */
static LAB_NAMED int map_large(struct guest *g, vaddr_t va, pfn_t frame)
{
	struct guest_slot slot;
	int error = lab_slot_of(g, va, 2, &slot);

	if (error != 0) {
		return error;
	}
	slot.index++;
	return guest_set_entry(g, slot,
			       guest_make_pte(g, frame,
					      lab_page_flags(g, LAB_WRITES) |
						      PTE_PS));
}

enum page_size { PAGES_SMALL, PAGES_LARGE };

static int map_frame(struct guest *g, pfn_t frame, enum page_size size)
{
	int error = lab_map_alias(g, 0, frame, LAB_WRITES);

	if (error == 0 && size == PAGES_LARGE) {
		error = map_large(g, vaddr(LAB_ALIAS), pfn(0));
	}
	if (error == 0) {
		error = guest_flush(g);
	}
	return error == 0 ? lab_unmap_alias(g, 0) : error;
}

static int map_file(struct guest *g, enum page_size size)
{
	pfn_t frame;
	int error = guest_alloc_frames(g, 1, &frame);

	if (error == 0) {
		error = map_frame(g, frame, size);
	}
	return error == 0 ? guest_free_frames(g, frame, 1) : error;
}

static int map_file_large(struct guest *g, struct lab_kernel *k)
{
	(void)k;
	return map_file(g, PAGES_LARGE);
}

static int map_file_small(struct guest *g, struct lab_kernel *k)
{
	(void)k;
	return map_file(g, PAGES_SMALL);
}

static const struct lab_deed bad_deed = {LAB_DEED, map_file_large};
static const struct lab_deed good_deed = {LAB_DEED, map_file_small};

enum { LARGE, SMALL };

static const struct lab_policy policies[] = {
	[LARGE] = {.history = "huge-page",
		   .name = "large",
		   .title = "an entry with PS",
		   .deed = &bad_deed},
	[SMALL] = {.history = "huge-page",
		   .name = "small",
		   .title = "4 KiB entries",
		   .deed = &good_deed},
};

static const struct lab_blame blame = {
	.title = "UPPER_FLAGS",
	.asker = "map_large",
	.holder = LAB_HELD_BY_NOTHING,
};

static const struct lab_case cases[] = {
	{&policies[LARGE], &lab_world_small, LAB_REFUSED, LAB_DEED,
	 "refused by UPPER_FLAGS", &blame},
	{&policies[SMALL], &lab_world_small, LAB_CASE_RIGHT},
};

const struct lab_history history_huge_page = {
	.name = "huge-page",
	.title = "an L2 entry for a large page",
	.source = "2023, a huge page set by file fault-around in a PV guest",
	.story = "A PV guest is told that there are no large pages, and most "
		 "code asks. A path that did not, in the handling of faults on "
		 "files, set an L2 entry with PS (`large`). The hypervisor "
		 "refuses the bit; the entry was queued, so that the kernel's "
		 "BUG comes from the flush of the queue, whose stack does not "
		 "name who queued. The report does. What held: 4 KiB entries "
		 "(`small`).",
	.policies = policies,
	.nr_policies = LAB_NR(policies),
	.cases = cases,
	.nr_cases = LAB_NR(cases),
};
