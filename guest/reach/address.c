/* SPDX-License-Identifier: MIT */
/*
 * Where a frame is mapped, as far as the library has it mapped, and what an
 * entry says in this shape of tables: arithmetic, which reads no table.
 */
#include "guest/reach/reach.h"

bool guest_in_initial_mapping(const struct guest *g, pfn_t frame)
{
	return frame.v >= g->boot.mapped_start.v &&
	       frame.v < g->boot.mapped_end.v;
}

vaddr_t guest_initial_va(const struct guest *g, pfn_t frame)
{
	return vaddr_add(g->config.virt_base, frame.v << PAGE_SHIFT);
}

vaddr_t guest_direct_va(const struct guest *g, pfn_t frame)
{
	return vaddr_add(g->config.direct_base, frame.v << PAGE_SHIFT);
}

bool guest_direct_mapped(const struct guest *g, pfn_t frame)
{
	/* What came later was mapped before it was memory. */
	if (frame.v >= g->boot.nr_pages) {
		return guest_memblock_is_memory(&g->memblock, frame);
	}
	for (unsigned int i = 0; i < g->directmap.nr_mapped; i++) {
		if (frame.v >= g->directmap.mapped[i].start.v &&
		    frame.v < g->directmap.mapped[i].end.v) {
			return guest_memblock_is_memory(&g->memblock, frame);
		}
	}
	return false;
}

uint64_t guest_table_flags(const struct guest *g, unsigned int level)
{
	return g->config.geometry->level[level].guest_table_flags;
}

mfn_t guest_entry_mfn(const struct guest *g, pte_t e)
{
	return mfn((e.v & g->config.geometry->frame_mask) >> PAGE_SHIFT);
}

bool guest_entry_is_leaf(const struct guest *g, unsigned int level, pte_t e)
{
	return level == 1 ||
	       (level <= g->config.geometry->large_level && (e.v & PTE_PS));
}
