/* SPDX-License-Identifier: MIT */
/* Inside the engine: entries that map another domain's frames, by right. */
#ifndef PW_ENGINE_OTHERS_H
#define PW_ENGINE_OTHERS_H

#include "engine/mmu.h"

/* mmu_update, with the frames of `owner`, which the caller may map. */
int64_t others_mmu_update(struct mmu_vcpu *v, uint64_t arg[6],
			  struct mmu_domain *owner);
/* update_va_mapping_otherdomain, the same, for a present entry. */
MUST_CHECK int others_update_va(struct mmu_vcpu *v, const uint64_t arg[6],
				struct mmu_domain *owner);

#endif
