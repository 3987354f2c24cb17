/* SPDX-License-Identifier: MIT */
/* Inside the engine: a domain's end. */
#ifndef PW_ENGINE_LIFE_H
#define PW_ENGINE_LIFE_H

#include "engine/mmu.h"

/* See mmu_domain_destroy(). */
MUST_CHECK int life_end(struct mmu_domain *d);

#endif
