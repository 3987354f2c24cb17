/* SPDX-License-Identifier: MIT */
/* Inside the engine: changes of single entries of live tables. */
#ifndef PW_ENGINE_UPDATE_H
#define PW_ENGINE_UPDATE_H

#include "engine/mmu.h"

/* Writes one entry of the table frame: validated against the frame's type. */
MUST_CHECK int mmu_update_entry(struct mmu_vcpu *v, maddr_t where, pte_t val,
				bool preserve_ad);

/* Entry `p` of the validated L1 `table` becomes `val`. */
MUST_CHECK int l1_update(struct mmu_domain *d, pte_t *p, pte_t val,
			 bool preserve_ad);

/* On the way out: entry `p` of the table was to become `val` and could not. */
void update_refused(struct mmu_domain *d, int rc, mfn_t table, const pte_t *p,
		    pte_t val);

#endif
