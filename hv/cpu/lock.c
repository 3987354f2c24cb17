/* SPDX-License-Identifier: MIT */
/*
 * One lock for all that domains share: scheduling, events, timers, grants, the
 * store, what is typed, the table of domains. Whoever comes in from a guest by
 * way of C for any of it takes it. What is about the vCPU of this CPU alone
 * (system calls, iret, the injection of a fault) goes without, and what a
 * domain asks about itself alone takes that domain's lock instead (alone.c).
 * Holding it, a CPU knows that no other puts vCPUs on CPUs or off, nor wakes
 * them.
 *
 * Whoever gives it up hands it to the next CPU that waits, in order of their
 * numbers, if that has waited for long, or it has been passed over often: a CPU
 * that comes in again and again, as a guest that does nothing but hypercalls
 * can make it, keeps no other out, whether its stays are many or long.
 *
 * Its order is the outermost: the domain's lock (the door's) and the pool's
 * are taken inside it. See docs/locking.md.
 */
#include "hv/cpu/lock.h"

#include "hv/cpu/ipi.h"
#include "hv/cpu/x86.h"

#define NOBODY UINT32_MAX

static uint32_t owner = NOBODY; /* a CPU's number */
static uint32_t waiting;        /* a bit for each CPU */
static uint32_t passed;         /* so often given up, and not to them */
static uint64_t since;          /* TSC: when they began to wait */

#ifndef LOCK_PASSES
#define LOCK_PASSES 32
#endif
/* Of the TSC: some tens of microseconds. */
#define LOCK_PATIENCE UINT64_C(100000)
static bool broken;

/* Who is inside a request that goes without must leave it first (alone.c). */
static void order_check(const struct cpu *c)
{
#ifdef PW_DEBUG
	if (c->alone_depth != 0) {
		__builtin_trap();
	}
#else
	(void)c;
#endif
}

static bool take(uint32_t me)
{
	uint32_t nobody = NOBODY;

	return __atomic_compare_exchange_n(&owner, &nobody, me, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Looks before it tries: only one of two that try gets anywhere. */
static bool try_again(uint32_t me)
{
	const uint32_t now = __atomic_load_n(&owner, __ATOMIC_ACQUIRE);

	return now == me || (now == NOBODY && take(me));
}

/* Until it is handed to this CPU, or nobody has it. */
static void wait(uint32_t me)
{
	if (__atomic_fetch_or(&waiting, 1u << me, __ATOMIC_SEQ_CST) == 0) {
		__atomic_store_n(&since, x86_rdtsc(), __ATOMIC_RELAXED);
	}
	while (!try_again(me)) {
		if (machine_lock_is_broken()) {
			return;
		}
		ipi_answer();
		x86_pause();
	}
	__atomic_fetch_and(&waiting, ~(1u << me), __ATOMIC_RELAXED);
	passed = 0;
	__atomic_store_n(&since, x86_rdtsc(), __ATOMIC_RELAXED);
}

void machine_lock_many(void)
{
	struct cpu *c = cpu_here();

	if (c->lock_depth++ != 0) {
		return;
	}
	order_check(c);
	lock_order_took(c, LOCK_MACHINE);
	if (!take(c->id)) {
		wait(c->id);
	}
}

static uint32_t next_after(uint32_t me)
{
	const uint32_t all = __atomic_load_n(&waiting, __ATOMIC_SEQ_CST);
	const uint32_t above = all & ~((2u << me) - 1);
	const uint32_t others = above != 0 ? above : all & ~(1u << me);

	return others == 0 ? NOBODY : (uint32_t)__builtin_ctz(others);
}

bool machine_lock_wanted(void)
{
	return __atomic_load_n(&waiting, __ATOMIC_RELAXED) != 0;
}

static bool is_their_turn(void)
{
	return ++passed >= LOCK_PASSES ||
	       x86_rdtsc() - __atomic_load_n(&since, __ATOMIC_RELAXED) >=
		       LOCK_PATIENCE;
}

void machine_unlock_many(void)
{
	struct cpu *c = cpu_here();
	uint32_t next = NOBODY;

	if (--c->lock_depth != 0) {
		return;
	}
	lock_order_dropped(c, LOCK_MACHINE);
	if (__atomic_load_n(&waiting, __ATOMIC_SEQ_CST) != 0 &&
	    is_their_turn()) {
		next = next_after(c->id);
	}
	__atomic_store_n(&owner, next, __ATOMIC_RELEASE);
}

/* Who waits has it in between. */
void machine_breathe(void)
{
	passed = LOCK_PASSES;
	machine_unlock();
	x86_take_interrupts();
	machine_lock();
}

bool machine_lock_is_broken(void)
{
	return __atomic_load_n(&broken, __ATOMIC_RELAXED);
}

/* Not when the machine is at its end: whoever held it may have been stopped. */
void machine_fair_lock(struct fair_lock *lock)
{
	uint8_t number;

	if (fair_lock_try(lock)) {
		return;
	}
	number = fair_lock_queue(lock);
	while (!fair_lock_turn(lock, number) && !machine_lock_is_broken()) {
		ipi_answer();
		x86_pause();
	}
}

void machine_lock_break(void)
{
	__atomic_store_n(&broken, true, __ATOMIC_RELEASE);
}
