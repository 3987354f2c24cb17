/* SPDX-License-Identifier: MIT */
/*
 * The engine's port, each call a step. Flushes of other CPUs go by the
 * hypervisor's own protocol (metal.c), as hv/mm/port.c has it.
 */
#include "tests/interleave/world.h"

#include <string.h>

static bool running(void)
{
	return world.running < WORLD_CPUS;
}

/* The outcome "stop" is explored as often as the options say. */
bool port_preempt(struct mmu_domain *d)
{
	struct world_cpu *c;

	(void)d;
	if (!running()) {
		return false;
	}
	c = &world.cpu[world.running];
	if (!world_step("asks whether to stop", c->stops != 0)) {
		return false;
	}
	c->stops--;
	return true;
}

static bool has(unsigned int cpu, const struct mmu_domain *d, vcpuset_t vcpus)
{
	return machine_cpu_runs(&world.m->cpu[world_place(cpu)], d, vcpus);
}

static void flush(struct mmu_domain *d, vcpuset_t vcpus, uint64_t va)
{
	uint32_t others = 0;

	if (has(world.running, d, vcpus)) {
		if (va == UINT64_MAX) {
			world_forgets_all();
		} else {
			world_forgets_page(va);
		}
	}
	for (unsigned int i = 0; i < WORLD_CPUS; i++) {
		others |= world.options.each_asks_both || has(i, d, vcpus)
				  ? 1u << i
				  : 0;
	}
	metal_flush(others, va);
}

void port_flush_all(struct mmu_domain *d, vcpuset_t vcpus)
{
	if (running()) {
		flush(d, vcpus, UINT64_MAX);
	}
}

void port_flush_page(struct mmu_domain *d, vcpuset_t vcpus, vaddr_t va)
{
	if (running()) {
		flush(d, vcpus, va.v);
	}
}

void port_load_root(struct mmu_vcpu *v)
{
	if (running() && world_vcpu(world.running) == v) {
		world_step("loads CR3", false);
		world.cpu[world.running].loaded.kernel_root = v->kernel_root;
		cpu_load_root(&world.m->cpu[world_place(world.running)]);
	}
}

void port_leave_user_root(struct mmu_vcpu *v)
{
	if (running() && world_vcpu(world.running) == v) {
		world.cpu[world.running].loaded.user_root = v->user_root;
		cpu_leave_user(&world.m->cpu[world_place(world.running)]);
	}
}

static uint8_t *guest_at(uint64_t address, size_t bytes)
{
	return guest_buffer_at(world.m->guest, sizeof(world.m->guest), address,
			       bytes);
}

int port_copy_in(struct mmu_vcpu *v, void *to, uint64_t from, size_t bytes)
{
	const uint8_t *p = guest_at(from, bytes);

	(void)v;
	if (running()) {
		world_step("copies in", false);
	}
	if (p == NULL) {
		return -XEN_EFAULT;
	}
	memcpy(to, p, bytes);
	return 0;
}

int port_copy_out(struct mmu_vcpu *v, uint64_t to, const void *from,
		  size_t bytes)
{
	uint8_t *p = guest_at(to, bytes);

	(void)v;
	if (running()) {
		world_step("copies out", false);
	}
	if (p == NULL) {
		return -XEN_EFAULT;
	}
	memcpy(p, from, bytes);
	return 0;
}

unsigned int *port_locks(struct mmu *m)
{
	static unsigned int making;

	(void)m;
	return running() ? &world.cpu[world.running].locks : &making;
}

/* On metal nobody may have to wait here: the machine's lock is around it. */
void port_relax(struct mmu_domain *d)
{
	(void)d;
	if (world.options.machine_lock) {
		world_fails("the domain's lock is held already");
	}
	metal_answer();
	world_waits("waits for a lock of the engine's");
}

void port_event(struct mmu_domain *d, const struct mmu_event *event)
{
	(void)d;
	(void)event;
	if (running()) {
		world_step("tells an event", false);
	}
}

_Noreturn void port_panic(struct mmu *m, const char *why)
{
	(void)m;
	for (;;) {
		world_fails("engine: %s", why);
	}
}
