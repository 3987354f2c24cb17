/* SPDX-License-Identifier: MIT */
/*
 * Random operands. Each frame of the pool has a level that it mostly has, so
 * that hierarchies come about; entries are right more often than not, so that
 * they get somewhere; everything else is there to be refused.
 */
#include "kernels/reference/diff.h"

#define TABLE_FLAGS (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)
#define TEST_SLOT ((unsigned int)(TEST_BASE >> 39) & 511)
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* splitmix64 */
uint64_t pick(struct diff *d, uint64_t below)
{
	uint64_t z = d->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) % below;
}

bool chance(struct diff *d, unsigned int percent)
{
	return pick(d, 100) < percent;
}

unsigned int pool_level(unsigned int nr)
{
	static const uint8_t level[DIFF_POOL] = {0, 0, 0, 1, 1, 1, 1,
						 2, 2, 2, 3, 3, 4, 4};

	return level[nr];
}

unsigned int level_of(const struct diff *d, mfn_t f)
{
	for (unsigned int nr = 0; nr < DIFF_POOL; nr++) {
		if (d->frame[nr].v == f.v) {
			return pool_level(nr);
		}
	}
	return f.v == d->frame[FRAME_ROOT].v ? 4 : 3;
}

unsigned int pick_pool(struct diff *d)
{
	return (unsigned int)pick(d, DIFF_POOL);
}

mfn_t pick_frame(struct diff *d)
{
	if (rule_broken(d, RULE_DEVICE_MEMORY)) {
		return d->frame[FRAME_DEVICE];
	}
	return d->frame[chance(d, 88) ? pick_pool(d) : pick(d, FRAME_DEVICE)];
}

/*
 * The kernel's own tables would take what is right, and with it the ground
 * from under the test; shared_info holds the state of the virtual processor.
 */
mfn_t pick_target(struct diff *d)
{
	unsigned int nr = (unsigned int)pick(d, FRAME_DEVICE);

	if (nr == FRAME_ROOT || nr == FRAME_TABLE || nr == FRAME_SHARED ||
	    chance(d, 60)) {
		nr = pick_pool(d);
	}
	return d->frame[nr];
}

/*
 * None of them is a slot that the kernel needs in its root; none is the first
 * (rule first-slot); and none is the hypervisor's, which are its own affair.
 */
unsigned int pick_index(struct diff *d)
{
	static const uint16_t index[] = {
		1, 2,   3,   4,   5,   6,         7,         8,
		9, 255, 272, 300, 510, TEST_SLOT, TEST_SLOT,
	};

	return index[pick(d, LENGTH(index))];
}

static uint64_t odd_flags(struct diff *d)
{
	static const uint64_t flags[] = {
		PTE_P,
		0,
		PTE_RW,
		PTE_P | PTE_RW,
		PTE_P | PTE_US,
		TABLE_FLAGS | PTE_NX,
		TABLE_FLAGS | PTE_G,
		TABLE_FLAGS | PTE_AVAIL,
		PTE_P | (UINT64_C(1) << 52),
		PTE_P | PTE_RW | (UINT64_C(3) << 58),
		PTE_P | (UINT64_C(1) << 62),
		PTE_RW | PTE_NX | PTE_D,
	};

	static const uint64_t cached[] = {
		TABLE_FLAGS | PTE_PCD,
		PTE_P | PTE_PWT | PTE_PCD,
		PTE_P | PTE_PAT,
	};

	if (rule_broken(d, RULE_CACHE_ATTRIBUTES)) {
		return cached[pick(d, LENGTH(cached))];
	}
	return flags[pick(d, LENGTH(flags))];
}

static mfn_t frame_of_level(struct diff *d, unsigned int level)
{
	unsigned int nr = pick_pool(d);

	for (unsigned int n = 0; n < DIFF_POOL && pool_level(nr) != level;
	     n++) {
		nr = (nr + 1) % DIFF_POOL;
	}
	return d->frame[nr];
}

/* shared_info is for looking at only. */
static uint64_t odd_entry(struct diff *d)
{
	mfn_t f = pick_frame(d);
	uint64_t flags = chance(d, 50) ? odd_flags(d) : TABLE_FLAGS;

	if (f.v == d->frame[FRAME_SHARED].v) {
		flags &= ~PTE_RW;
	}
	return pte_make(f, flags).v;
}

uint64_t pick_good_entry(struct diff *d, unsigned int level)
{
	if (level > 1) {
		return pte_make(frame_of_level(d, level - 1), TABLE_FLAGS).v;
	}
	return chance(d, 40)
		       ? pte_make(frame_of_level(d, 0), TABLE_FLAGS).v
		       : pte_make(d->frame[pick_pool(d)], PTE_P | PTE_US).v;
}

uint64_t pick_entry(struct diff *d, unsigned int level)
{
	if (chance(d, 15)) {
		return 0;
	}
	if (chance(d, 10) || level == 0) {
		return odd_entry(d);
	}
	/* A linear mapping. */
	if (level > 1 && chance(d, 6)) {
		return pte_make(frame_of_level(d, level), PTE_P | PTE_US).v;
	}
	return pick_good_entry(d, level);
}

uint64_t direct_va(struct diff *d, unsigned int nr)
{
	return (uintptr_t)frame_ptr(d->k, d->pfn[nr]);
}

uint64_t pick_test_va(struct diff *d)
{
	uint64_t va = 0;

	for (unsigned int shift = 3; shift <= 30; shift += 9) {
		va |= (1 + pick(d, 3)) << shift;
	}

	return chance(d, 90) ? TEST_BASE | va : va;
}
