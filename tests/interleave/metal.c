/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own sources, compiled as they are against the headers in
 * metal/: what is explored is the protocol that runs on the machine, and a
 * mutant of it is a change of those files. They are included here and not
 * linked so that their static data can be saved with the state.
 */
#include "tests/interleave/metal.h"

#include "hv/cpu/ipi.c"
/* Given up once, and then handed on: both are tried. */
#define LOCK_PASSES 2
#include "hv/cpu/lock.c"

static struct cpu cpus[METAL_CPUS] = {
	{.id = 0, .apic_id = 0},
	{.id = 1, .apic_id = 1},
};
unsigned int nr_cpus = METAL_CPUS;

struct cpu *cpu_at(unsigned int id)
{
	return &cpus[id];
}

struct cpu *cpu_here(void)
{
	return &cpus[world_cpu()];
}

void lapic_send(unsigned int apic_id, uint32_t vector)
{
	(void)vector;
	world_interrupts(apic_id);
}

void metal_lock(void)
{
	machine_lock();
}

void metal_unlock(void)
{
	machine_unlock();
}

void metal_flush(uint32_t set, uint64_t va)
{
	ipi_flush(set, va);
}

void metal_answer(void)
{
	ipi_answer();
}

struct metal_state metal_save(void)
{
	struct metal_state s = {
		.address = flush_address,
		.owner = owner,
		.waiting = waiting,
		.passed = passed,
	};

	for (unsigned int i = 0; i < METAL_CPUS; i++) {
		s.depth[i] = cpus[i].lock_depth;
		s.asked[i] = cpus[i].flush_asked;
	}
	return s;
}

void metal_restore(const struct metal_state *s)
{
	owner = s->owner;
	waiting = s->waiting;
	passed = s->passed;
	flush_address = s->address;
	for (unsigned int i = 0; i < METAL_CPUS; i++) {
		cpus[i].lock_depth = s->depth[i];
		cpus[i].flush_asked = s->asked[i] != 0;
	}
}
