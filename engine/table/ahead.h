/* SPDX-License-Identifier: MIT */
/*
 * Inside the engine: looking ahead. What an entry costs is three loads from
 * memory, each of which needs the one before: the entry, the record of the
 * frame that it names, the record of the frame that it named. Where many
 * entries are at hand, those of the next are asked for while the last are
 * done.
 *
 * What is looked at has not been judged. So an address is formed without a
 * branch that a CPU could guess wrong: a frame number beyond the machine is
 * frame 0, and nothing of a frame is read unless its record says that it is
 * the domain's, again without a branch. A hint decides nothing: what is done
 * later judges everything anew.
 */
#ifndef PW_ENGINE_AHEAD_H
#define PW_ENGINE_AHEAD_H

#include "engine/mmu.h"
#include "engine/table/level.h"

/* All ones if it holds, else 0, and the compiler makes no branch of it. */
static inline uint64_t mask_if(bool condition)
{
	uint64_t mask = -(uint64_t)condition;

	__asm__("" : "+r"(mask));
	return mask;
}

/* f, or 0 where the machine has no such frame. */
static inline mfn_t mfn_bounded(const struct mmu *m, mfn_t f)
{
	return mfn(f.v & mask_if(f.v < m->nr_frames));
}

/*
 * Asks for a line of memory. __builtin_prefetch() is no instruction at all
 * where the compiler may use general registers alone, as here.
 */
static inline void ahead_line(const void *p)
{
	__asm__ volatile("prefetcht0 %0" : : "m"(*(const char *)p));
}

/* The record of the frame that an entry names, present or not. */
static inline void ahead_record(const struct mmu *m, pte_t e)
{
	ahead_line(frame_of(m, mfn_bounded(m, pte_mfn(e))));
}

/* All that an update of the entry at `where` is certain to need. */
static inline void ahead_update(const struct mmu *m, maddr_t where, pte_t val)
{
	mfn_t f = mfn_bounded(m, maddr_to_mfn(where));
	const uint8_t *data = (const uint8_t *)frame_ptes(m, f);

	ahead_line(frame_of(m, f));
	ahead_line(data + page_offset(where.v));
	ahead_record(m, val);
}

/*
 * The record of the frame that the entry names now. The entry is read, so the
 * frame must be the domain's own: any other's is read as frame 0.
 */
static inline void ahead_old(const struct mmu_domain *d, maddr_t where)
{
	mfn_t f = mfn_bounded(d->m, maddr_to_mfn(where));
	const pte_t *entries;

	f.v &= mask_if(frame_of(d->m, f)->owner == d->tag);
	entries = frame_ptes(d->m, f);
	ahead_record(d->m,
		     pte_read(&entries[page_offset(where.v) / sizeof(pte_t)]));
}

/* The records of eight entries of a table that is being gone through. */
static inline void ahead_group(const struct mmu *m, const pte_t *entries)
{
#pragma GCC unroll 8
	for (unsigned int i = 0; i < PTE_GROUP; i++) {
		ahead_record(m, pte_read(&entries[i]));
	}
}

#endif
