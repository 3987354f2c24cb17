/* SPDX-License-Identifier: MIT */
/*
 * The machine's lock: for all that domains share. See lock.c.
 */
#ifndef PW_HV_CPU_LOCK_H
#define PW_HV_CPU_LOCK_H

#include <stdbool.h>

#include "engine/request/fair_lock.h"
#include "engine/request/lock_order.h"
#include "hv/cpu/cpu.h"

/*
 * Debug builds: the CPU holds nothing that stands as far in as what it takes
 * (engine/request/lock_order.h). It stops here if it does.
 */
static inline void lock_order_took(struct cpu *c, enum lock_place lock)
{
#ifdef PW_DEBUG
	if (c->locks >= (unsigned int)lock) {
		__builtin_trap();
	}
	c->locks |= lock;
#else
	(void)c;
	(void)lock;
#endif
}

static inline void lock_order_dropped(struct cpu *c, enum lock_place lock)
{
#ifdef PW_DEBUG
	c->locks &= ~(unsigned int)lock;
#else
	(void)c;
	(void)lock;
#endif
}

void machine_lock_many(void);
void machine_unlock_many(void);
/* Does another CPU wait for it? */
bool machine_lock_wanted(void);
/*
 * In the middle of long work, with nothing half done: other CPUs may have the
 * lock, and interrupts are taken. Holds it once.
 */
void machine_breathe(void);
/* The machine is at its end: nobody waits for anybody any more. */
void machine_lock_break(void);
bool machine_lock_is_broken(void);
/* A lock of the hypervisor's that is no domain's: had in order. */
void machine_fair_lock(struct fair_lock *lock);

/* May be taken again by the CPU that holds it. */
static inline void machine_lock(void)
{
	if (__builtin_expect(nr_cpus > 1, 0)) {
		machine_lock_many();
	}
}

static inline void machine_unlock(void)
{
	if (__builtin_expect(nr_cpus > 1, 0)) {
		machine_unlock_many();
	}
}

#endif
