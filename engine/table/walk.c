/* SPDX-License-Identifier: MIT */
/*
 * Walks of live tables by software. A walk follows entries that the guest
 * made: what it may follow is decided here, once, for all who ask for the
 * entry behind an address.
 */
#include "engine/table/walk.h"

#include "engine/table/refs.h"
#include "engine/table/level.h"

unsigned int mmu_walk(const struct mmu *m, mfn_t root, vaddr_t va,
		      pte_t entries[5])
{
	mfn_t table = root;
	unsigned int read = 0;

	if (!vaddr_canonical(va)) {
		return 0;
	}
	for (unsigned int level = 4; level >= 1; level--) {
		if (!mfn_valid(m, table)) {
			break;
		}
		entries[level] =
			pte_read(&frame_ptes(m, table)[pt_index(va, level)]);
		read++;
		if (!pte_present(entries[level]) ||
		    (level > 1 && (entries[level].v & PTE_PS) != 0)) {
			break;
		}
		table = pte_mfn(entries[level]);
	}
	return read;
}

pte_t *mmu_find_l1e(struct mmu_vcpu *v, vaddr_t va, mfn_t *ret_table)
{
	const struct mmu *m = v->dom->m;
	mfn_t table = v->kernel_root;

	if (unlikely(!vaddr_canonical(va))) {
		return NULL;
	}
	/*
	 * Live tables: a guest's entry leads to a validated table, of the
	 * level below or, through a linear entry, of the same. So an L4 may
	 * turn up at any step, and its entries that are the hypervisor's must
	 * not be followed at any.
	 */
#pragma GCC unroll 3
	for (unsigned int level = 4; level > 1; level--) {
		unsigned int index = pt_index(va, level);
		pte_t e = pte_read(&frame_ptes(m, table)[index]);

		if (unlikely(!pte_present(e) ||
			     (is_xen_slot(4, index) &&
			      frame_of(m, table)->type == FRAME_L4))) {
			return NULL;
		}
		table = pte_mfn(e);
	}
	if (unlikely(is_xen_slot(4, pt_index(va, 1)) &&
		     frame_of(m, table)->type == FRAME_L4)) {
		return NULL;
	}
	*ret_table = table;
	return &frame_ptes(m, table)[pt_index(va, 1)];
}
