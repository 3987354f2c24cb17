/* SPDX-License-Identifier: MIT */
/*
 * Giving back what the start of day left behind. The order is the same each
 * time: what refers to a table goes first, then the TLB, then the frame is
 * made writable, and only then is it free; so a frame on the free list can
 * be used for anything at once.
 */
#include "guest/start/start.h"

/* Frames [start, end) of the direct map: writable, known to be free. */
static int give_back(struct guest *g, pfn_t start, pfn_t end)
{
	int error =
		guest_protect_frames(g, start, end, PTE_RW, 0, GUEST_NO_FLUSH);

	if (error == 0) {
		error = guest_flush_now(g);
	}
	if (error != 0) {
		return error;
	}
	g->stats.made_readwrite += end.v - start.v;
	error = guest_region_remove(&g->tables, start, end);
	return error == 0 ? guest_memblock_free(&g->memblock, start, end)
			  : error;
}

static int drop_slot(struct guest *g, unsigned int index)
{
	struct guest_slot slot;
	pfn_t table = PFN_INVALID;
	int error = guest_builders_p2m_slot(g, index, &slot, &table);

	if (error == 0) {
		error = guest_clear_now(g, slot);
	}
	/* It is read through the direct map, and no longer in use. */
	return error == 0 ? guest_builders_p2m_check(g, slot.level - 1, table)
			  : error;
}

int guest_drop_p2m(struct guest *g)
{
	struct guest_boot *b = &g->boot;
	unsigned int first;
	unsigned int last;
	int error = 0;

	if (g->p2m.kind == GUEST_P2M_IDENTITY ||
	    b->p2m_start.v == b->p2m_end.v) {
		return 0;
	}
	if (g->p2m.kind == GUEST_P2M_LIST) {
		return guest_fail(g, XEN_EBUSY,
				  "the builder's P2M is still in use");
	}
	guest_builders_p2m_slots(g, &first, &last);
	for (unsigned int i = first; b->p2m_outside && i <= last; i++) {
		error = drop_slot(g, i);
		if (error != 0) {
			return error;
		}
	}
	error = give_back(g, b->p2m_start, b->p2m_end);
	if (error == 0) {
		b->p2m_start = b->p2m_end = pfn(0);
	}
	return error;
}

/* One block of an L2 entry, all of it unused: entry, table and all. */
static int drop_block(struct guest *g, vaddr_t va)
{
	struct guest_slot slot = {.level = g->config.geometry->levels,
				  .table = g->kernel.root};
	pfn_t table = PFN_INVALID;
	pte_t e;
	int error;

	for (;; slot.level--) {
		slot.index = guest_geometry_index(g->config.geometry, va,
						  slot.level);
		error = guest_read_entry(g, slot, &e);
		if (error != 0 || !pte_present(e)) {
			return error;
		}
		error = guest_entry_table(g, e, &table);
		if (error != 0 || slot.level == 2) {
			break;
		}
		slot.table = table;
	}
	if (error == 0) {
		error = guest_clear_now(g, slot);
	}
	return error == 0 ? give_back(g, table, pfn_add(table, 1)) : error;
}

/* The initial mapping of [start, end). */
static int drop_mapping(struct guest *g, pfn_t start, pfn_t end)
{
	uint64_t block =
		guest_geometry_span(g->config.geometry, 2) >> PAGE_SHIFT;
	int error = 0;

	while (error == 0 && start.v < end.v) {
		vaddr_t va = guest_initial_va(g, start);
		struct guest_slot slot;
		pte_t e;

		if ((va.v >> PAGE_SHIFT & (block - 1)) == 0 &&
		    end.v - start.v >= block) {
			error = drop_block(g, va);
			start = pfn_add(start, block);
			continue;
		}
		error = guest_lookup_present(g, g->kernel.root, va, &slot, &e);
		if (error == 0) {
			error = g->ops->set_mapping(g, va, slot, pte(0),
						    GUEST_NO_FLUSH);
		}
		error = error == -XEN_ENOENT ? 0 : error;
		start = pfn_add(start, 1);
	}
	return error == 0 ? guest_flush_now(g) : error;
}

/* What start_info placed, and nothing uses any more. */
static int free_builders(struct guest *g)
{
	struct guest_boot *b = &g->boot;
	int error = guest_memblock_free(&g->memblock, b->start_info,
					pfn_add(b->start_info, 1));

	if (error == 0) {
		error = guest_memblock_free(&g->memblock, b->tables_end,
					    pfn_add(b->tables_end, 1));
	}
	return error;
}

int guest_drop_surplus(struct guest *g)
{
	struct guest_boot *b = &g->boot;
	pfn_t start = b->mapped_start;
	pfn_t end = b->mapped_end;
	int error;

	if (!g->ops->hypervisor) {
		return 0;
	}
	if (g->p2m.kind == GUEST_P2M_LIST && !b->p2m_outside) {
		return guest_fail(g, XEN_EBUSY,
				  "the builder's P2M is still in use");
	}
	if (g->config.direct_base.v == g->config.virt_base.v) {
		return free_builders(g);
	}
	error = guest_windows_close(g);
	if (error != 0) {
		return error;
	}
	/* From here on these addresses are no way to a frame. */
	b->mapped_start = g->config.kernel_start;
	b->mapped_end = g->config.kernel_end;
	if (start.v < b->mapped_start.v) {
		error = drop_mapping(g, start, b->mapped_start);
	}
	if (error == 0 && b->mapped_end.v < end.v) {
		error = drop_mapping(g, b->mapped_end, end);
	}
	return error == 0 ? free_builders(g) : error;
}
