/* SPDX-License-Identifier: MIT */
/*
 * The domain's MMU lock, which the door alone takes. Whoever waits for it
 * calls port_relax() meanwhile: there a CPU answers the flushes that the
 * holder may be waiting for.
 */
#ifndef PW_ENGINE_LOCK_H
#define PW_ENGINE_LOCK_H

#include "engine/request/lock_order.h"

/* Somebody else has it, or waits for it. */
void mmu_lock_wait(struct mmu_domain *d);

static inline void mmu_lock(struct mmu_domain *d)
{
	lock_order_take(d->m, LOCK_DOMAIN);
	if (unlikely(!fair_lock_try(&d->lock))) {
		mmu_lock_wait(d);
	}
}

static inline void mmu_unlock(struct mmu_domain *d)
{
	lock_order_drop(d->m, LOCK_DOMAIN);
	fair_lock_give_up(&d->lock);
}

#endif
