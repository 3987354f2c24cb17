/* SPDX-License-Identifier: MIT */
/* Inside the engine: the entry behind a virtual address. */
#ifndef PW_ENGINE_TABLE_WALK_H
#define PW_ENGINE_TABLE_WALK_H

#include "engine/mmu.h"
#include "engine/table/level.h"

/* The L1 entry that maps va under the vCPU's kernel root, or NULL. */
pte_t *mmu_find_l1e(struct mmu_vcpu *v, vaddr_t va, mfn_t *ret_table);
/*
 * The hypervisor's view of a guest walk; entries[w->top..1], returns levels
 * read.
 */
unsigned int mmu_walk(const struct mmu *m, const struct pt_width *w, mfn_t root,
		      vaddr_t va, pte_t entries[5]);

#endif
