/* SPDX-License-Identifier: MIT */
/*
 * Interrupts between CPUs. Any CPU may ask others for a flush at any time, and
 * several may ask at once, each other as well. A CPU's question is its own: the
 * address, and who has not answered yet; each CPU that is asked has a set of
 * those that asked it. It takes the set, forgets what all of them want
 * forgotten, and crosses itself off with each.
 *
 * It sees the set by the interrupt, when it is with its guest or asleep, or
 * wherever it waits with interrupts off: for a lock (lock.c, port_relax()), for
 * the machine to be quiet (alone.c), and here for its own answers. Between two
 * of those it gets on without anybody's help. So none waits for one that waits
 * for it, and an answer needs no lock, nor the guest.
 */
#include "hv/cpu/ipi.h"

#include "hv/cpu/cpu.h"
#include "hv/cpu/flush.h"
#include "hv/cpu/lapic.h"
#include "hv/cpu/x86.h"

static bool stop_asked;
static uint32_t gone; /* CPUs that have stopped: nobody waits for them */
uint64_t ipi_flushes;

/* It has done what the CPUs of the set asked for. */
static void acknowledge(const struct cpu *c, uint32_t askers)
{
	for (unsigned int i = 0; i < nr_cpus; i++) {
		if ((askers >> i & 1) != 0) {
			__atomic_fetch_and(&cpu_at(i)->unanswered,
					   ~(1u << c->id), __ATOMIC_RELEASE);
		}
	}
}

static _Noreturn void stop(struct cpu *c)
{
	x86_write_cr3(c->own_root);
	c->vcpu = NULL;
	__atomic_fetch_or(&gone, 1u << c->id, __ATOMIC_SEQ_CST);
	for (;;) {
		__asm__ volatile("cli; hlt");
	}
}

static void forget(uint64_t va)
{
	if (va == IPI_FLUSH_ALL) {
		flush_all();
	} else {
		flush_page(va);
	}
}

void ipi_answer(void)
{
	struct cpu *c = cpu_here();
	uint32_t askers;

	if (__atomic_load_n(&c->asked_by, __ATOMIC_ACQUIRE) == 0) {
		return;
	}
	if (__atomic_load_n(&stop_asked, __ATOMIC_ACQUIRE)) {
		stop(c);
	}
	askers = __atomic_exchange_n(&c->asked_by, 0, __ATOMIC_SEQ_CST);
	for (unsigned int i = 0; i < nr_cpus; i++) {
		if ((askers >> i & 1) != 0) {
			forget(cpu_at(i)->flush_address);
		}
	}
	acknowledge(c, askers);
}

static uint32_t unanswered(const struct cpu *c)
{
	return __atomic_load_n(&c->unanswered, __ATOMIC_ACQUIRE) &
	       ~__atomic_load_n(&gone, __ATOMIC_ACQUIRE);
}

static void ask(struct cpu *c, uint32_t cpus)
{
	__atomic_store_n(&c->unanswered, cpus, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < nr_cpus; i++) {
		if ((cpus >> i & 1) != 0) {
			__atomic_fetch_or(&cpu_at(i)->asked_by, 1u << c->id,
					  __ATOMIC_SEQ_CST);
			lapic_send(cpu_at(i)->apic_id, LAPIC_FLUSH_VECTOR);
		}
	}
	while (unanswered(c) != 0) {
		ipi_answer(); /* one of them may be asking this CPU */
		x86_pause();
	}
}

void ipi_flush(uint32_t cpus, uint64_t va)
{
	struct cpu *c = cpu_here();

	cpus &= ~(1u << c->id);
	if (cpus == 0) {
		return;
	}
	__atomic_fetch_add(&ipi_flushes, 1, __ATOMIC_RELAXED);
	c->flush_address = va;
	ask(c, cpus);
}

void ipi_wake(unsigned int cpu)
{
	lapic_send(cpu_at(cpu)->apic_id, LAPIC_WAKE_VECTOR);
}

void ipi_stop_others(void)
{
	struct cpu *c = cpu_here();

	__atomic_store_n(&stop_asked, true, __ATOMIC_RELEASE);
	ask(c, ((1u << nr_cpus) - 1) & ~(1u << c->id));
}
