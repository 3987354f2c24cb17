/* SPDX-License-Identifier: MIT */
/* Inside the engine: the parts of taking references that are worth inlining. */
#ifndef PW_ENGINE_FRAME_REFS_H
#define PW_ENGINE_FRAME_REFS_H

#include "engine/mmu.h"

/*
 * Two below the maximum, so that the engine itself can always take the one
 * reference that a partial or dying table holds on itself.
 */
#define FRAME_COUNT_LIMIT (FRAME_COUNT_MAX - 2)

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

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
