/* SPDX-License-Identifier: MIT */
/*
 * The engine's port of the benchmark. What the engine asks for in its loops
 * costs what it costs on metal (hv/mm/port.c): the clock is read for each
 * question, and a request is copied by a call. A guest's address is one of the
 * process. Flushes are not done: none is owed by what is measured, save by
 * taking down a tree, which no CPU has walked.
 */
#include <string.h>
#include <x86intrin.h>

#include "engine/port.h"

#include <stdlib.h>

bool port_preempt(struct mmu_domain *d)
{
	(void)d;
	return __rdtsc() == UINT64_MAX;
}

void port_flush_all(struct mmu_domain *d, vcpuset_t vcpus)
{
	(void)d;
	(void)vcpus;
}

void port_flush_page(struct mmu_domain *d, vcpuset_t vcpus, vaddr_t va)
{
	(void)d;
	(void)vcpus;
	(void)va;
}

void port_load_root(struct mmu_vcpu *v)
{
	(void)v;
}

void port_leave_user_root(struct mmu_vcpu *v)
{
	(void)v;
}

/* The sizes of single requests are words in registers, as on metal. */
int port_copy_in(struct mmu_vcpu *v, void *to, uint64_t from, size_t bytes)
{
	const void *p = (const void *)from;

	(void)v;
	switch (bytes) {
	case 8:
		memcpy(to, p, 8);
		break;
	case 16:
		memcpy(to, p, 16);
		break;
	case 24:
		memcpy(to, p, 24);
		break;
	default:
		memcpy(to, p, bytes);
		break;
	}
	return 0;
}

int port_copy_out(struct mmu_vcpu *v, uint64_t to, const void *from,
		  size_t bytes)
{
	(void)v;
	memcpy((void *)to, from, bytes);
	return 0;
}

int64_t port_hypercall(struct mmu_vcpu *v, unsigned int nr, uint64_t arg[6])
{
	(void)v;
	(void)nr;
	(void)arg;
	return -XEN_ENOSYS;
}

void port_refused(struct mmu_domain *d, struct refusal *r)
{
	(void)d;
	(void)r;
}

void port_relax(struct mmu_domain *d)
{
	(void)d;
}

void port_event(struct mmu_domain *d, const struct mmu_event *event)
{
	(void)d;
	(void)event;
}

_Noreturn void port_panic(struct mmu *m, const char *why)
{
	(void)m;
	(void)why;
	abort();
}
