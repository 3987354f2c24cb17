/* SPDX-License-Identifier: MIT */
/*
 * The free pool: frames that belong to nobody, as a doubly linked list through
 * their own records (`count` is the link back, `type_count` the link on).
 * Frame 0 is never in it.
 */
#ifndef PW_ENGINE_POOL_H
#define PW_ENGINE_POOL_H

#include "engine/mmu.h"

/* Unowned RAM joins the pool, at set-up. */
void pool_add(struct mmu *m, mfn_t first, uint64_t nr);
/* The last reference of a domain's frame is gone. */
void pool_free(struct mmu_domain *d, mfn_t f);
/* Places that one search for an aligned run looks at. */
#define POOL_SEARCH_MAX (UINT64_C(1) << 16)

/*
 * 2^order aligned frames, cleared, given to the domain with one reference each
 * (FRAME_ALLOCATED) and no M2P entry. -XEN_ENOMEM: there are none, or (order
 * > 0) none among the places that this search looked at.
 */
MUST_CHECK int pool_alloc(struct mmu_domain *d, unsigned int order,
			  mfn_t *ret_first);

#endif
