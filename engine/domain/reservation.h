/* SPDX-License-Identifier: MIT */
/* Inside the engine: a domain's memory grows, shrinks and is exchanged. */
#ifndef PW_ENGINE_RESERVATION_H
#define PW_ENGINE_RESERVATION_H

#include "engine/mmu.h"

/* Largest extent an unprivileged domain may ask for (Xen: 2 MiB). */
#define RESERVATION_MAX_ORDER POOL_MAX_ORDER

/* One request of the reservation hypercalls, copied in. */
struct reservation {
	uint64_t list; /* guest address of the extents, or 0 */
	uint64_t nr;   /* extents */
	uint64_t done; /* of them, so far */
	unsigned int order;
};

/*
 * Each works on extents [done, nr) and moves `done` on until one fails, and
 * what was done stands. *ret_preempted tells a pause apart.
 */
void reservation_increase(struct mmu_vcpu *v, struct reservation *r,
			  bool *ret_preempted);
void reservation_decrease(struct mmu_vcpu *v, struct reservation *r,
			  bool *ret_preempted);
void reservation_populate(struct mmu_vcpu *v, struct reservation *r,
			  bool *ret_preempted);

/* Takes the frame out of the reservation, if it is part of it. */
void release_frame(struct mmu_domain *d, mfn_t f);
void release_extent(struct mmu_domain *d, mfn_t first, unsigned int order);

/* mem_flags: an unprivileged domain may wish for a node, not insist on it. */
MUST_CHECK int check_mem_flags(struct mmu_domain *d, unsigned int flags);

/* XENMEM_exchange; arg is the guest's structure, progress is kept there. */
MUST_CHECK int reservation_exchange(struct mmu_vcpu *v, uint64_t arg);

#endif
