/* SPDX-License-Identifier: MIT */
/* An entry for memory that does not exist. */
#include <stddef.h>

#include "lab/deed.h"
#include "lab/histories/histories.h"

#define FAR UINT64_C(0x10000000)

static LAB_NAMED int set_page(struct guest *g, mfn_t frame)
{
	struct guest_slot slot;
	int error = lab_slot_of(g, vaddr(LAB_ALIAS + PAGE_SIZE), 1, &slot);

	if (error != 0) {
		return error;
	}
	return guest_set_entry(g, slot,
			       pte_make(frame, lab_page_flags(g, LAB_WRITES)));
}

/* The page beside one that is mapped, so that there is a table. */
static int map_beside(struct guest *g, pfn_t frame, mfn_t behind)
{
	int error = lab_map_alias(g, 0, frame, LAB_WRITES);

	if (error == 0) {
		error = set_page(g, behind);
	}
	if (error == 0) {
		error = guest_flush(g);
	}
	if (error == 0) {
		error = lab_unmap_alias(g, 1);
	}
	return error == 0 ? lab_unmap_alias(g, 0) : error;
}

enum behind { BEHIND_FAR, BEHIND_OWN };

static int map_frame(struct guest *g, enum behind which)
{
	pfn_t frame;
	int error = guest_alloc_frames(g, 1, &frame);

	if (error == 0) {
		error = map_beside(g, frame,
				   which == BEHIND_FAR
					   ? mfn(FAR)
					   : guest_p2m_get(g, frame));
	}
	return error == 0 ? guest_free_frames(g, frame, 1) : error;
}

static int map_beyond(struct guest *g, struct lab_kernel *k)
{
	(void)k;
	return map_frame(g, BEHIND_FAR);
}

static int map_own(struct guest *g, struct lab_kernel *k)
{
	(void)k;
	return map_frame(g, BEHIND_OWN);
}

static const struct lab_deed bad_deed = {LAB_DEED, map_beyond};
static const struct lab_deed good_deed = {LAB_DEED, map_own};

enum { BEYOND, OWN };

static const struct lab_policy policies[] = {
	[BEYOND] = {.history = "beyond-ram",
		    .name = "beyond",
		    .title = "a frame at 1 TiB",
		    .deed = &bad_deed},
	[OWN] = {.history = "beyond-ram",
		 .name = "own",
		 .title = "a frame of its own",
		 .deed = &good_deed},
};

static const struct lab_blame blame = {
	.title = "MAP_HOLE",
	.asker = "set_page",
	.holder = LAB_HELD_BY_NOTHING,
};

static const struct lab_case cases[] = {
	{&policies[BEYOND], &lab_world_small, LAB_REFUSED, LAB_DEED,
	 "refused by MAP_HOLE", &blame},
	{&policies[OWN], &lab_world_small, LAB_CASE_RIGHT},
};

const struct lab_history history_beyond_ram = {
	.name = "beyond-ram",
	.title = "an entry names a frame beyond the machine's memory",
	.source = "without a date: frame numbers from a table that is stale, "
		  "cut, or of another machine",
	.story = "A frame number that comes from a damaged P2M, or from "
		 "arithmetic on an invalid one, is usually far beyond what the "
		 "machine has. The entry (`beyond`) is refused. Nothing holds "
		 "such a frame and it has no history: what the report has is "
		 "the entry, and who queued it.",
	.policies = policies,
	.nr_policies = LAB_NR(policies),
	.cases = cases,
	.nr_cases = LAB_NR(cases),
};
