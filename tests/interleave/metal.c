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

#include "hv/cpu/alone.c"

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

void metal_alone(void)
{
	alone_begin();
}

void metal_alone_end(void)
{
	alone_end();
}

void metal_quiet(void)
{
	machine_quiet();
}

void metal_quiet_end(void)
{
	machine_quiet_end();
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
		.owner = owner,
		.waiting = waiting,
		.passed = passed,
		.quiet = quiet,
	};

	for (unsigned int i = 0; i < METAL_CPUS; i++) {
		s.depth[i] = cpus[i].lock_depth;
		s.address[i] = cpus[i].flush_address;
		s.alone[i] = cpus[i].alone_depth * 2 + cpus[i].alone;
		s.locks[i] = cpus[i].locks;
		s.asked_by[i] = cpus[i].asked_by;
		s.unanswered[i] = cpus[i].unanswered;
	}
	return s;
}

void metal_restore(const struct metal_state *s)
{
	owner = s->owner;
	waiting = s->waiting;
	passed = s->passed;
	quiet = s->quiet != 0;
	for (unsigned int i = 0; i < METAL_CPUS; i++) {
		cpus[i].lock_depth = s->depth[i];
		cpus[i].flush_address = s->address[i];
		cpus[i].alone = s->alone[i] % 2 != 0;
		cpus[i].alone_depth = s->alone[i] / 2;
		cpus[i].locks = s->locks[i];
		cpus[i].asked_by = s->asked_by[i];
		cpus[i].unanswered = s->unanswered[i];
	}
}
