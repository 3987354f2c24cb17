/* SPDX-License-Identifier: MIT */
/*
 * The machine's lock: one for all of the hypervisor's C. See lock.c.
 */
#ifndef PW_HV_CPU_LOCK_H
#define PW_HV_CPU_LOCK_H

#include <stdbool.h>

#include "hv/cpu/cpu.h"

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
