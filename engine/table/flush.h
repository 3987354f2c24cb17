/* SPDX-License-Identifier: MIT */
/* Inside the engine: flushes, and the epoch that counts them. */
#ifndef PW_ENGINE_FLUSH_H
#define PW_ENGINE_FLUSH_H

#include "engine/mmu.h"
#include "engine/port.h"

void mmu_flush_all(struct mmu_domain *d, enum flush_cause cause);
/* Every CPU of the domain has just dropped all its translations. */
void flush_done(struct mmu_domain *d, enum flush_cause cause);
void mmu_flush_one(struct mmu_domain *d, vaddr_t va);
/* Pays the flush that is owed, if one is; the door does. */
void mmu_pay_flushes(struct mmu_domain *d);

/* A flush of all will be paid before the operation returns to the guest. */
static inline void flush_owe(struct mmu_domain *d, enum flush_cause cause)
{
	if (d->flush_pending == FLUSH_NONE) {
		d->flush_pending = (uint8_t)cause;
	}
}

/* Flushes on a set of vCPUs; counts as full if it is. */
void flush_vcpus(struct mmu_domain *d, vcpuset_t vcpus, enum flush_cause cause);
/* The same as a guest asked: one of all, in a multicall, waits for its end. */
void flush_asked(struct mmu_domain *d, vcpuset_t vcpus);
void flush_page_vcpus(struct mmu_domain *d, vcpuset_t vcpus, vaddr_t va);

static inline vcpuset_t vcpuset_of(const struct mmu_vcpu *v)
{
	return UINT64_C(1) << v->id;
}

#endif
