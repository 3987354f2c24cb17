/* SPDX-License-Identifier: MIT */
/*
 * Interrupts between CPUs. A flush is asked for by the one CPU that holds the
 * machine's lock, so there is one question at a time; each CPU that is asked
 * has a mark, which it clears when it has done so. It sees the mark by the
 * interrupt, when it is with its guest or asleep, or in the lock's waiting
 * loop, where interrupts are off. None needs a lock for it, nor the guest.
 */
#include "hv/cpu/ipi.h"

#include "hv/cpu/cpu.h"
#include "hv/cpu/lapic.h"
#include "hv/cpu/x86.h"

static uint64_t flush_address;
static bool stop_asked;
uint64_t ipi_flushes;

static _Noreturn void stop(struct cpu *c)
{
	x86_write_cr3(c->own_root);
	c->vcpu = NULL; /* nobody waits for its flushes any more */
	__atomic_store_n(&c->flush_asked, false, __ATOMIC_RELEASE);
	for (;;) {
		__asm__ volatile("cli; hlt");
	}
}

void ipi_answer(void)
{
	struct cpu *c = cpu_here();

	if (!__atomic_load_n(&c->flush_asked, __ATOMIC_ACQUIRE)) {
		return;
	}
	if (stop_asked) {
		stop(c);
	}
	if (flush_address == IPI_FLUSH_ALL) {
		x86_write_cr3(x86_read_cr3());
	} else {
		x86_invlpg(flush_address);
	}
	__atomic_store_n(&c->flush_asked, false, __ATOMIC_RELEASE);
}

static void ask(uint32_t cpus)
{
	for (unsigned int i = 0; i < nr_cpus; i++) {
		if ((cpus >> i & 1) != 0) {
			__atomic_store_n(&cpu_at(i)->flush_asked, true,
					 __ATOMIC_SEQ_CST);
			lapic_send(cpu_at(i)->apic_id, LAPIC_FLUSH_VECTOR);
		}
	}
	for (unsigned int i = 0; i < nr_cpus; i++) {
		while ((cpus >> i & 1) != 0 &&
		       __atomic_load_n(&cpu_at(i)->flush_asked,
				       __ATOMIC_ACQUIRE)) {
			x86_pause();
		}
	}
}

void ipi_flush(uint32_t cpus, uint64_t va)
{
	cpus &= ~(1u << cpu_here()->id);
	if (cpus == 0) {
		return;
	}
	ipi_flushes++;
	flush_address = va;
	ask(cpus);
}

void ipi_wake(unsigned int cpu)
{
	lapic_send(cpu_at(cpu)->apic_id, LAPIC_WAKE_VECTOR);
}

void ipi_stop_others(void)
{
	stop_asked = true;
	ask(((1u << nr_cpus) - 1) & ~(1u << cpu_here()->id));
}
