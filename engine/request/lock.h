/* SPDX-License-Identifier: MIT */
/*
 * The domain's MMU lock, which the door alone takes, and how any of the
 * engine's is waited for: by port_relax(), where a CPU answers the flushes that
 * the holder may be waiting for.
 */
#ifndef PW_ENGINE_LOCK_H
#define PW_ENGINE_LOCK_H

#include "engine/request/lock_order.h"

/* Somebody else has the lock, or waits for it: until it is d's. */
void mmu_lock_wait(struct mmu_domain *d, struct fair_lock *lock);

static inline void mmu_lock(struct mmu_domain *d)
{
	lock_order_take(d->m, LOCK_DOMAIN);
	if (unlikely(!fair_lock_try(&d->lock))) {
		mmu_lock_wait(d, &d->lock);
	}
}

static inline void mmu_unlock(struct mmu_domain *d)
{
	lock_order_drop(d->m, LOCK_DOMAIN);
	fair_lock_give_up(&d->lock);
}

#endif
