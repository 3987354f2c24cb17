/* SPDX-License-Identifier: MIT */
/*
 * The right way of what the histories do wrong, so that each of them holds
 * only its own mistake. Requests go out at once: the failure is that of the
 * line that asks.
 */
#include "lab/deed.h"

uint64_t lab_page_flags(const struct guest *g, enum lab_rights rights)
{
	return PTE_P | (rights == LAB_WRITES ? PTE_RW : 0) |
	       (g->config.cpu.nx ? PTE_NX : 0);
}

int lab_new_table(struct guest *g, pfn_t *ret)
{
	int error = guest_alloc_frames(g, 1, ret);

	if (error == 0) {
		error = guest_make_readonly(g, *ret);
	}
	return error == 0 ? guest_flush(g) : error;
}

int lab_free_table(struct guest *g, pfn_t table)
{
	int error = guest_make_readwrite(g, table, GUEST_FLUSH);

	if (error == 0) {
		error = guest_flush(g);
	}
	return error == 0 ? guest_free_frames(g, table, 1) : error;
}

int lab_pin(struct guest *g, unsigned int level, mfn_t table)
{
	guest_batch_extended(g, MMUEXT_PIN_L1_TABLE + level - 1, table.v);
	return guest_flush(g);
}

int lab_unpin(struct guest *g, mfn_t table)
{
	guest_batch_extended(g, MMUEXT_UNPIN_TABLE, table.v);
	return guest_flush(g);
}

static vaddr_t alias(uint64_t page)
{
	return vaddr(LAB_ALIAS + (page << PAGE_SHIFT));
}

int lab_map_alias(struct guest *g, uint64_t page, pfn_t frame,
		  enum lab_rights rights)
{
	int error = guest_map(g, &g->kernel, alias(page), frame,
			      lab_page_flags(g, rights));

	return error == 0 ? guest_flush(g) : error;
}

int lab_unmap_alias(struct guest *g, uint64_t page)
{
	int error = guest_unmap(g, &g->kernel, alias(page));

	return error == 0 ? guest_flush(g) : error;
}

int lab_slot_of(struct guest *g, vaddr_t va, unsigned int level,
		struct guest_slot *ret)
{
	*ret = (struct guest_slot){
		.level = g->config.geometry->levels,
		.table = g->kernel.root,
	};
	for (;; ret->level--) {
		pte_t e;
		int error;

		ret->index = pt_index(va, ret->level);
		if (ret->level == level) {
			return 0;
		}
		error = guest_read_entry(g, *ret, &e);
		if (error != 0) {
			return error;
		}
		if (!pte_present(e)) {
			return guest_fail(g, XEN_ENOENT,
					  "nothing is mapped at %lx", va.v);
		}
		ret->table = guest_p2m_find(g, pte_mfn(e));
	}
}
