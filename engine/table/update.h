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

/* The same for an entry whose references the caller has taken already. */
MUST_CHECK int l1_install(struct mmu_domain *d, pte_t *p, pte_t val);
/* The same, without A and D, told to whoever watches. */
MUST_CHECK int l1_update_watched(struct mmu_domain *d, pte_t *p, pte_t val);

/*
 * On the way out of an update that was refused: the entry at `where`, should
 * it be one of a table, was to become `val`.
 */
void update_refused(struct mmu_domain *d, int rc, maddr_t where, pte_t val);

#endif
