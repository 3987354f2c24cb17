/* SPDX-License-Identifier: MIT */
/*
 * A machine of the size asked, in a process: frame records, M2P and the tables
 * are really there, the pages that they speak of are address space alone.
 *
 *   frames [0, first_data)       the hypervisor's, then all page tables
 *   frames [first_data, nr)      what the domain's tables map
 *
 * The domain's root maps every frame once (as a kernel's direct map does), and
 * the data frames a second time from address 0 on, in an order without a
 * pattern (as processes do). So every data frame keeps its type, whatever the
 * entries of the second part come to say.
 */
#ifndef PW_BENCH_WORLD_H
#define PW_BENCH_WORLD_H

#include "engine/mmu.h"

#define TREE_TABLES 1024 /* L1 tables of the tree that is pinned */

struct world {
	struct mmu mmu;
	struct mmu_domain dom;
	struct mmu_vcpu vcpu;
	pte_t window[DESC_WINDOW_ENTRIES];
	uint64_t first_data;
	uint64_t nr_data;
	uint64_t next_table; /* frames of tables given out so far */
	uint64_t user_l1;    /* first L1 of the second part; the rest follow */
	mfn_t tree;          /* an L4 of its own, pinned by nobody yet */
	uint64_t tree_l1;    /* its first L1; the rest follow */
	mfn_t warm;          /* an L1 of 512 entries, pinned by nobody yet */
	uint64_t random;     /* state of world_random() */
};

void world_init(struct world *w, uint64_t gib);
void world_fini(struct world *w);

uint64_t world_random(struct world *w);

static inline mfn_t world_random_data(struct world *w)
{
	return mfn(w->first_data + world_random(w) % w->nr_data);
}

/* Entry n of the second part. */
static inline uint64_t world_entry_address(const struct world *w, uint64_t n)
{
	return (w->user_l1 << PAGE_SHIFT) + n * sizeof(pte_t);
}

/* What has been counted is right, or the program ends. Milliseconds it took. */
double world_audit(struct world *w);

/* Ends the program with a message if rc is not 0. */
void world_expect(const char *what, int64_t rc);

uint64_t world_now_ns(void);

#endif
