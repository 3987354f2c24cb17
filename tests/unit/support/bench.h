/* SPDX-License-Identifier: MIT */
/*
 * Places for requests of each kind, and what they find: entries of an L1 in
 * use, ordinary frames, and frames that can be pinned.
 */
#ifndef PW_TESTS_BENCH_H
#define PW_TESTS_BENCH_H

#include "tests/unit/support/rig.h"

#define BENCH_PLACES 7

struct bench {
	struct rig *r;
	struct guest_slot slot;    /* of an L1 in use, for free_va */
	pfn_t frame[BENCH_PLACES]; /* ordinary memory */
	mfn_t behind[BENCH_PLACES];
	pfn_t table[BENCH_PLACES]; /* empty, read-only: can be pinned */
	mfn_t table_behind[BENCH_PLACES];
};

void bench_new(struct bench *b, struct rig *r);
/* Nothing is mapped, all frames are where they were, nothing is pinned. */
void bench_reset(struct bench *b);

/* An entry of the L1 table, the address that it maps, and its own. */
struct guest_slot bench_slot(const struct bench *b, unsigned int i);
vaddr_t bench_va(const struct bench *b, unsigned int i);
maddr_t bench_maddr(const struct bench *b, unsigned int i);

/* What may be put there, and what is refused: -XEN_EBUSY. */
pte_t bench_good(const struct bench *b, unsigned int i);
pte_t bench_bad(const struct bench *b);

#endif
