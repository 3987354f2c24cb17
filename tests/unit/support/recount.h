/* SPDX-License-Identifier: MIT */
/*
 * The invariants I1 to I8 of docs/engine.md as predicates over what a machine
 * holds between two operations, for whoever explores it: they share no code
 * with the engine, nor with its audit.
 */
#ifndef PW_TESTS_RECOUNT_H
#define PW_TESTS_RECOUNT_H

#include "engine/mmu.h"

#define RECOUNT_FRAMES 192
#define RECOUNT_DOMS 2

struct recount_of {
	struct mmu_domain *doms[RECOUNT_DOMS];
	unsigned int nr_doms;
	/* The slots that are ever used; NULL: all, and nr_slots is 512. */
	const unsigned int *slot;
	unsigned int nr_slots;
	/* References on one frame that nobody holds, where mfn is not 0. */
	struct {
		mfn_t mfn;
		uint32_t count, type;
		int linear;
	} bias;
};

/* False: *said tells what is wrong. */
bool recount(const struct mmu *m, const struct recount_of *of, char *said,
	     size_t room);

#endif
