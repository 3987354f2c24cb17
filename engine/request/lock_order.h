/* SPDX-License-Identifier: MIT */
/*
 * The order of the locks, asserted in debug builds (PW_DEBUG) and in all
 * tests: each CPU keeps the set of those that it holds, and takes only such as
 * stand further in than all of them. See docs/locking.md.
 */
#ifndef PW_ENGINE_LOCK_ORDER_H
#define PW_ENGINE_LOCK_ORDER_H

#include "engine/port.h"

/* From the outermost in. Of each there is one at a time. */
enum lock_place {
	LOCK_MACHINE = 1 << 0, /* the hypervisor's, where there is one */
	LOCK_DOMAIN = 1 << 1,
	LOCK_READER = 1 << 2, /* the hypervisor's, of who reads its reports */
	LOCK_POOL = 1 << 3,
	LOCK_OUTPUT = 1 << 4, /* the hypervisor's, of its serial ports */
};

#ifdef PW_DEBUG

static inline void lock_order_take(struct mmu *m, enum lock_place lock)
{
	unsigned int *held = port_locks(m);

	if (*held >= (unsigned int)lock) {
		port_panic(m, "a lock is taken out of order");
	}
	*held |= lock;
}

static inline void lock_order_drop(struct mmu *m, enum lock_place lock)
{
	unsigned int *held = port_locks(m);

	if ((*held & lock) == 0) {
		port_panic(m, "a lock is dropped that is not held");
	}
	*held &= ~(unsigned int)lock;
}

/* Before what may take long or fault: not under the engine's innermost. */
static inline void lock_order_leaf(struct mmu *m)
{
	if ((*port_locks(m) & LOCK_POOL) != 0) {
		port_panic(m, "the pool's lock is no leaf");
	}
}

#else

static inline void lock_order_take(struct mmu *m, enum lock_place lock)
{
	(void)m;
	(void)lock;
}
static inline void lock_order_drop(struct mmu *m, enum lock_place lock)
{
	(void)m;
	(void)lock;
}
static inline void lock_order_leaf(struct mmu *m)
{
	(void)m;
}

#endif
#endif
