/* SPDX-License-Identifier: MIT */
/* Inside the engine: references held by page-table entries. */
#ifndef PW_ENGINE_VALIDATE_H
#define PW_ENGINE_VALIDATE_H

#include "engine/table/refs.h"

/*
 * Validates a table whose frame has its type set, a type count of 1 and no
 * state flag: takes the references of entries [nr_validated, 512).
 * 0: validated. -XEN_ERESTART: partial. Others: refused, and dying.
 */
MUST_CHECK int table_validate(struct mmu_domain *d, mfn_t table);
/* Goes on with a partial table; the caller takes over its references. */
MUST_CHECK int table_resume(struct mmu_domain *d, mfn_t table);

MUST_CHECK int refuse_flags(struct mmu_domain *d, unsigned int level, pte_t e);

/* May this present entry stand in a table of this level at all? */
MUST_CHECK static inline int entry_check_flags(struct mmu_domain *d,
					       unsigned int level, pte_t e)
{
	return likely((e.v & d->forbidden[level]) == 0)
		       ? 0
		       : refuse_flags(d, level, e);
}

/*
 * The references of one present entry. The usual cases are here: nearly every
 * page that a guest maps is its own, and is mapped a second time.
 */
MUST_CHECK int l1e_get_slow(struct mmu_domain *d, pte_t e);
void l1e_put_slow(struct mmu_domain *d, pte_t e);

MUST_CHECK static inline int l1e_get(struct mmu_domain *d, pte_t e)
{
	mfn_t f = pte_mfn(e);
	struct frame *fr = frame_of(d->m, f);

	if (unlikely(!mfn_valid(d->m, f))) {
		return l1e_get_slow(d, e);
	}
	if (pte_writable(e)) {
		if (likely(frame_get_both_quick(d, fr, FRAME_WRITABLE))) {
			return 0;
		}
	} else if (likely(fr->owner == d->tag &&
			  fr->count < FRAME_COUNT_LIMIT)) {
		fr->count++;
		return 0;
	}
	return l1e_get_slow(d, e);
}

static inline void l1e_put(struct mmu_domain *d, pte_t e)
{
	struct frame *fr = frame_of(d->m, pte_mfn(e));

	if (likely(fr->owner == d->tag)) {
		uint64_t counts = fr->counts;

		if (pte_writable(e)) {
			if (likely((uint32_t)counts > 1 && counts >> 33 != 0)) {
				fr->counts = counts - FRAME_BOTH;
				return;
			}
		} else if (likely((uint32_t)counts > 1 &&
				  fr->type != FRAME_DESC)) {
			fr->count = (uint32_t)counts - 1;
			return;
		}
	}
	l1e_put_slow(d, e);
}

/* index: of the entry in the table. */
MUST_CHECK int upper_get(struct mmu_domain *d, mfn_t table, unsigned int level,
			 unsigned int index, pte_t e);
/* walked: a CPU may have walked the table while the entry stood in it. */
void upper_put(struct mmu_domain *d, mfn_t table, unsigned int level, pte_t e,
	       bool walked);

#endif
