/* SPDX-License-Identifier: MIT */
/* Inside the engine: see mmu.h for mmu_flush_all() and mmu_pay_flushes(). */
#ifndef PW_ENGINE_FLUSH_H
#define PW_ENGINE_FLUSH_H

#include "engine/mmu.h"
#include "engine/port.h"

/* Flushes on a set of vCPUs, as a guest asked; counts as full if it is. */
void flush_vcpus(struct mmu_domain *d, vcpuset_t vcpus);
void flush_page_vcpus(struct mmu_domain *d, vcpuset_t vcpus, vaddr_t va);

static inline vcpuset_t vcpuset_of(const struct mmu_vcpu *v)
{
	return UINT64_C(1) << v->id;
}

#endif
