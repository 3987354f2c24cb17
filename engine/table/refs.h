/* SPDX-License-Identifier: MIT */
/*
 * Inside the engine: references on frames. Taking a type reference is the one
 * way in which a frame gets a type, and may validate a table.
 */
#ifndef PW_ENGINE_FRAME_REFS_H
#define PW_ENGINE_FRAME_REFS_H

#include "engine/mmu.h"

/*
 * Two below the maximum, so that the engine itself can always take the one
 * reference that a partial or dying table holds on itself.
 */
#define FRAME_COUNT_LIMIT (FRAME_COUNT_MAX - 2)

/* A general reference on a frame of this domain. */
MUST_CHECK int frame_get(struct mmu_domain *d, mfn_t f);
void frame_put(struct mmu_domain *d, mfn_t f);
/* A type reference; the caller holds a general one. May validate: ERESTART. */
MUST_CHECK int frame_get_type(struct mmu_domain *d, mfn_t f,
			      enum frame_type type);
void frame_put_type(struct mmu_domain *d, mfn_t f);
/*
 * The same of a table, where no CPU can have got to it by the reference since
 * it last forgot all (flush.c).
 */
void frame_put_table_unwalked(struct mmu_domain *d, mfn_t f);
/* Both at once. */
MUST_CHECK int frame_get_both(struct mmu_domain *d, mfn_t f,
			      enum frame_type type);
void frame_put_both(struct mmu_domain *d, mfn_t f);
void frame_put_both_unwalked(struct mmu_domain *d, mfn_t f);

MUST_CHECK int frame_get_type_slow(struct mmu_domain *d, mfn_t f,
				   enum frame_type type);

/* frame_get_type() for the case that the type is held already. */
static inline int frame_get_type_fast(struct mmu_domain *d, mfn_t f,
				      enum frame_type type)
{
	struct frame *fr = frame_of(d->m, f);
	const uint8_t state = FRAME_VALIDATED | FRAME_PARTIAL | FRAME_DYING;

	if (likely(fr->type == type &&
		   fr->type_count - 1 < FRAME_COUNT_LIMIT - 1 &&
		   (fr->flags & state) == FRAME_VALIDATED)) {
		fr->type_count++;
		return 0;
	}
	return frame_get_type_slow(d, f, type);
}

/* The domain's frame has the type, in use and in no state on its way. */
static inline bool frame_is_live(const struct mmu_domain *d, mfn_t f,
				 enum frame_type type)
{
	const struct frame *fr;

	if (!mmu_owns(d, f)) {
		return false;
	}
	fr = frame_of(d->m, f);
	return fr->type == type && fr->type_count != 0 &&
	       (fr->flags & (FRAME_VALIDATED | FRAME_DYING)) == FRAME_VALIDATED;
}

/* A table whose entries may be changed one by one. */
static inline bool frame_is_live_l1(const struct mmu_domain *d, mfn_t f)
{
	return frame_is_live(d, f, FRAME_L1);
}

/*
 * The usual case of both references: the domain's frame has the type, in use
 * and in no state on its way. True: they are taken, by one store.
 */
static inline bool frame_get_both_quick(const struct mmu_domain *d,
					struct frame *fr, enum frame_type type)
{
	const uint8_t state = FRAME_VALIDATED | FRAME_PARTIAL | FRAME_DYING;
	uint64_t counts = fr->counts;

	if (unlikely((fr->what & frame_what(UINT16_MAX, UINT8_MAX, state)) !=
		     frame_what(d->tag, (uint8_t)type, FRAME_VALIDATED))) {
		return false;
	}
	if (unlikely((uint32_t)counts >= FRAME_COUNT_LIMIT ||
		     (counts >> 32) - 1 >= FRAME_COUNT_LIMIT - 1)) {
		return false;
	}
	fr->counts = counts + FRAME_BOTH;
	return true;
}

static inline void stats_typed(struct mmu_domain *d, enum frame_type type)
{
	uint64_t now = ++d->stats.typed[type];

	if (now > d->stats.peak[type]) {
		d->stats.peak[type] = now;
	}
}

static inline void stats_untyped(struct mmu_domain *d, enum frame_type type)
{
	d->stats.typed[type]--;
}

#endif
