/* SPDX-License-Identifier: MIT */
/*
 * Who answers the engine instead of the simulated machine: a replay, which
 * knows the answers of another one. There is no CPU then: flushes and loads of
 * roots, which flush all, do nothing but tell who wants to know.
 */
#ifndef PW_SIM_WORLD_H
#define PW_SIM_WORLD_H

#include "engine/port.h"

struct sim_world {
	bool (*preempt)(struct mmu_domain *d);
	int (*copy_in)(struct mmu_vcpu *v, void *to, uint64_t from,
		       size_t bytes);
	int (*copy_out)(struct mmu_vcpu *v, uint64_t to, const void *from,
			size_t bytes);
	void (*event)(struct mmu_domain *d, const struct mmu_event *event);
	/* Or NULL. */
	void (*flush_all)(struct mmu_domain *d);
	void (*flush_page)(struct mmu_domain *d, vaddr_t va);
	/* Does not return. */
	void (*panic)(struct mmu *m, const char *why);
};

#endif
