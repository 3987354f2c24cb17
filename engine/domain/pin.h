/* SPDX-License-Identifier: MIT */
/* Inside the engine: references that a domain holds by name. */
#ifndef PW_ENGINE_PIN_H
#define PW_ENGINE_PIN_H

#include "engine/mmu.h"

MUST_CHECK int mmu_pin(struct mmu_domain *d, mfn_t f, enum frame_type type);
MUST_CHECK int mmu_unpin(struct mmu_domain *d, mfn_t f);

#endif
