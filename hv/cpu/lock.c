/* SPDX-License-Identifier: MIT */
/*
 * One lock for the hypervisor. Whoever comes in from a guest by way of C takes
 * it: hypercalls, emulation, interrupts that look at vCPUs. What touches the
 * vCPU of this CPU alone (system calls, iret, the injection of a fault) goes
 * without. Holding it, a CPU knows that no other changes vCPUs, and that each
 * other is with its guest, asleep, or waiting here; all three answer a flush
 * (ipi.c), so that the holder never waits for one that waits for it.
 *
 * Its order is the outermost: the domain's lock (the door's) and the pool's
 * are taken inside it. See docs/locking.md.
 */
#include "hv/cpu/lock.h"

#include "hv/cpu/ipi.h"
#include "hv/cpu/x86.h"

static bool held;
static bool broken;

/* The outermost: taken with another one held, the CPU stops here. */
static void order_check(const struct cpu *c)
{
#ifdef PW_DEBUG
	if (c->locks != 0) {
		__builtin_trap();
	}
#else
	(void)c;
#endif
}

void machine_lock_many(void)
{
	struct cpu *c = cpu_here();

	if (c->lock_depth++ != 0) {
		return;
	}
	order_check(c);
	while (__atomic_exchange_n(&held, true, __ATOMIC_ACQUIRE)) {
		while (__atomic_load_n(&held, __ATOMIC_RELAXED)) {
			if (__atomic_load_n(&broken, __ATOMIC_RELAXED)) {
				return;
			}
			ipi_answer();
			x86_pause();
		}
	}
}

void machine_unlock_many(void)
{
	struct cpu *c = cpu_here();

	if (--c->lock_depth == 0) {
		__atomic_store_n(&held, false, __ATOMIC_RELEASE);
	}
}

/* Long enough for one that waits to see that the lock is free. */
#define BREATH 256

void machine_breathe(void)
{
	machine_unlock();
	x86_take_interrupts();
	for (unsigned int i = 0; nr_cpus > 1 && i < BREATH; i++) {
		x86_pause();
	}
	machine_lock();
}

void machine_lock_break(void)
{
	__atomic_store_n(&broken, true, __ATOMIC_RELEASE);
}
