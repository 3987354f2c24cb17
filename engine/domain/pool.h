/* SPDX-License-Identifier: MIT */
/*
 * The free pool: frames that belong to nobody, in runs of 2^order. The records
 * of a run's first frame say so (FRAME_RUN): `count` is the link back in the
 * list of its order, `type_count` the link on, `epoch` the order. Frame 0 is
 * never in it.
 */
#ifndef PW_ENGINE_POOL_H
#define PW_ENGINE_POOL_H

#include "engine/mmu.h"

/* Unowned RAM joins the pool, at set-up; what it holds is not known. */
void pool_add(struct mmu *m, mfn_t first, uint64_t nr);
/* The last reference of a domain's frame is gone. */
void pool_free(struct mmu_domain *d, mfn_t f);
/* The domain has flushed: what it freed is the pool's. */
void pool_collect(struct mmu_domain *d);

/*
 * 2^order aligned frames, cleared, given to the domain with one reference each
 * (FRAME_ALLOCATED) and no M2P entry. -XEN_ENOMEM: there are none.
 * -XEN_ERESTART: stopped while clearing; nothing was given, and what is clean
 * stays clean.
 */
MUST_CHECK int pool_alloc(struct mmu_domain *d, unsigned int order,
			  mfn_t *ret_first);

/*
 * Its parts, for who needs many runs or none. What pool_take() gave must be
 * scrubbed before anybody can read it, after the flushes are paid; until then
 * pool_return() undoes it.
 */
MUST_CHECK int pool_take(struct mmu_domain *d, unsigned int order,
			 mfn_t *ret_first);
MUST_CHECK int pool_scrub(struct mmu_domain *d, mfn_t first,
			  unsigned int order);
void pool_return(struct mmu_domain *d, mfn_t first, unsigned int order);

#endif
