/* SPDX-License-Identifier: MIT */
/* Inside the engine: references held by page-table entries. */
#ifndef PW_ENGINE_VALIDATE_H
#define PW_ENGINE_VALIDATE_H

#include "engine/mmu.h"

/*
 * Validates a table whose frame has its type set, a type count of 1 and no
 * state flag: takes the references of entries [nr_validated, 512).
 * 0: validated. -XEN_ERESTART: partial. Others: refused, and dying.
 */
MUST_CHECK int table_validate(struct mmu_domain *d, mfn_t table);
/* Goes on with a partial table; the caller takes over its references. */
MUST_CHECK int table_resume(struct mmu_domain *d, mfn_t table);

/* The references of one present entry; *e is adjusted to what is written. */
MUST_CHECK int l1e_get(struct mmu_domain *d, pte_t e);
void l1e_put(struct mmu_domain *d, pte_t e);
MUST_CHECK int upper_get(struct mmu_domain *d, mfn_t table, unsigned int level,
			 pte_t e);
void upper_put(struct mmu_domain *d, mfn_t table, unsigned int level, pte_t e);

/* May this present entry stand in a table of this level at all? */
MUST_CHECK int entry_check_flags(struct mmu_domain *d, unsigned int level,
				 pte_t e);

#endif
