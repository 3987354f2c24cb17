/* SPDX-License-Identifier: MIT */
/* Inside the engine: changes of single entries of live tables. */
#ifndef PW_ENGINE_UPDATE_H
#define PW_ENGINE_UPDATE_H

#include "engine/mmu.h"

/* Entry `p` of the validated L1 `table` becomes `val`. */
MUST_CHECK int l1_update(struct mmu_domain *d, pte_t *p, pte_t val,
			 bool preserve_ad);

#endif
