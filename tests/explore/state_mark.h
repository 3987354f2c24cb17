/* SPDX-License-Identifier: MIT */
/*
 * The machine as it stands in a state, raw: to see at once that a request has
 * changed nothing, which is what most do, and to go back when it has.
 */
#ifndef PW_TESTS_EXPLORE_STATE_MARK_H
#define PW_TESTS_EXPLORE_STATE_MARK_H

#include "tests/explore/state_record.h"

struct mark_dom {
	bool dead, left;
	uint32_t epoch;
	uint64_t destroy_next, nr_pages, owed;
	uint32_t dying_head, freed_head, nr_freed;
	unsigned int nr_held;
	mfn_t held[HELD_KEPT];
	struct mmu_foreign foreign[FOREIGN_KEPT];
};

struct mark {
	struct frame frames[WORLD_FRAMES];
	pte_t entry[MAX_NAMED][MAX_SLOTS];
	pte_t xens[MAX_NAMED]; /* one of the hypervisor's slots */
	uint16_t cached[MAX_VCPUS][WORLD_FRAMES];
	pte_t window[MAX_VCPUS][DESC_WINDOW_ENTRIES];
	struct mmu_vcpu vcpu[MAX_VCPUS];
	struct mark_dom dom[NR_DOMS];
	uint32_t free_run;
	uint64_t nr_free;
};

void mark_take(const struct world *w, struct mark *ret);
/* True: the machine's state is the mark's. False: it need not be another. */
bool mark_is_same(const struct world *w, const struct mark *m);
/* Whatever has happened since. */
void mark_restore(struct world *w, const struct mark *m);

#endif
