/* SPDX-License-Identifier: MIT */
/*
 * Most of what a guest asks for is about its own domain: page tables, memory,
 * descriptors, a vCPU's registers. That goes without the machine's lock. The
 * engine's doors keep the vCPUs of one domain apart, each by its domain's lock;
 * two domains do not meet. So a domain that does nothing but requests keeps no
 * other one's waiting.
 *
 * A few things look at all domains at once, or take away what another CPU may
 * just have found: an audit counts the references of all, a dead domain's place
 * is given to a new one. They make the machine quiet. Each CPU has a mark while
 * it is inside such a request; whoever holds the machine's lock raises a flag,
 * and waits until no mark is left. A CPU that comes in sets its mark first and
 * looks at the flag then: of the two, one sees the other. If it is the flag
 * that is seen, the CPU takes its mark back and waits for the end.
 *
 * Requests end, or stop at their next question (slice.c), without the machine's
 * lock: nobody may take that inside. What they wait for, their domain's lock or
 * the pool's or the serial ports', is held by others inside, or by the holder
 * of the machine's lock before it wants quiet; and whoever waits answers
 * flushes. So quiet comes.
 */
#include "hv/cpu/alone.h"

#include "hv/cpu/ipi.h"
#include "hv/cpu/x86.h"

bool alone_never;

static bool quiet;

static bool is_quiet(void)
{
	return __atomic_load_n(&quiet, __ATOMIC_SEQ_CST);
}

static void come_in(struct cpu *c)
{
	for (;;) {
		__atomic_store_n(&c->alone, true, __ATOMIC_SEQ_CST);
		if (__builtin_expect(!is_quiet(), 1)) {
			return;
		}
		__atomic_store_n(&c->alone, false, __ATOMIC_RELEASE);
		while (is_quiet()) {
			ipi_answer();
			x86_pause();
		}
	}
}

void alone_begin_many(void)
{
	struct cpu *c = cpu_here();

	if (alone_never) {
		machine_lock_many();
	} else if (c->lock_depth == 0 && c->alone_depth++ == 0) {
		come_in(c);
	}
}

void alone_end_many(void)
{
	struct cpu *c = cpu_here();

	if (alone_never) {
		machine_unlock_many();
	} else if (c->lock_depth == 0 && --c->alone_depth == 0) {
		__atomic_store_n(&c->alone, false, __ATOMIC_RELEASE);
	}
}

/* Where it is held already, for all requests, it is kept. */
void alone_share(void)
{
	if (!alone_never) {
		alone_end();
	}
	machine_lock();
}

void alone_share_end(void)
{
	machine_unlock();
	if (!alone_never) {
		alone_begin();
	}
}

void machine_quiet(void)
{
	const struct cpu *c = cpu_here();

	if (nr_cpus == 1) {
		return;
	}
	__atomic_store_n(&quiet, true, __ATOMIC_SEQ_CST);
	for (unsigned int i = 0; i < nr_cpus; i++) {
		while (i != c->id &&
		       __atomic_load_n(&cpu_at(i)->alone, __ATOMIC_SEQ_CST)) {
			ipi_answer();
			x86_pause();
		}
	}
}

void machine_quiet_end(void)
{
	__atomic_store_n(&quiet, false, __ATOMIC_RELEASE);
}

bool machine_quiet_wanted(void)
{
	return __atomic_load_n(&quiet, __ATOMIC_RELAXED);
}
