/* SPDX-License-Identifier: MIT */
/* Inside the engine: pages that a domain and the hypervisor use. */
#ifndef PW_ENGINE_SHARED_H
#define PW_ENGINE_SHARED_H

#include "engine/mmu.h"

/* See mmu_unshare() and mmu_hold(). */
MUST_CHECK int shared_unshare(struct mmu_domain *d, mfn_t first, uint64_t nr);
MUST_CHECK int shared_hold(struct mmu_domain *d, mfn_t f);

/* The pages that were held for the hypervisor are the domain's alone. */
void shared_drop_held(struct mmu_domain *d);
/* The frame, if it was lent, goes back to the hypervisor: no table maps it. */
void shared_take_back(struct mmu_domain *d, mfn_t frame);

#endif
