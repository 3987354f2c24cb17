/* SPDX-License-Identifier: MIT */
/*
 * Giving back what the start of day left behind. The order is the same each
 * time: what refers to a table goes first, then the TLB, then the frame is
 * made writable, and only then is it free; so a frame on the free list can
 * be used for anything at once.
 */
#include "guest/internal.h"

static int table_of(struct guest *g, pte_t e, pfn_t *ret)
{
	*ret = p2m_find(g, entry_mfn(g, e));
	if (pfn_eq(*ret, PFN_INVALID)) {
		return guest_fail(g, XEN_EFAULT,
				  "entry %lx is no table of ours", e.v);
	}
	return 0;
}

static int table_empty(struct guest *g, unsigned int level, pfn_t table,
		       bool *ret)
{
	int error = table_load(g, level, table, g->scratch);

	*ret = true;
	for (unsigned int i = 0;
	     error == 0 && i < g->config.geometry->level[level].nr_entries;
	     i++) {
		*ret = *ret && g->scratch[i] == 0;
	}
	return error;
}

/* The table below one entry of a level, if there is one and it is empty. */
static int prune_entry(struct guest *g, unsigned int level, vaddr_t va)
{
	struct guest_slot slot;
	pfn_t table;
	bool empty;
	pte_t e;
	int error = guest_lookup(g, g->kernel.root, va, &slot, &e);

	/* The walk ends in the table in question, or above it. */
	if ((error != 0 && error != -XEN_ENOENT) || slot.level != level - 1) {
		return error == -XEN_ENOENT ? 0 : error;
	}
	table = slot.table;
	error = table_empty(g, level - 1, table, &empty);
	if (error != 0 || !empty) {
		return error;
	}
	slot = (struct guest_slot){.level = g->config.geometry->levels,
				   .table = g->kernel.root};
	for (;; slot.level--) {
		slot.index = geometry_index(g->config.geometry, va, slot.level);
		if (slot.level == level) {
			break;
		}
		error = guest_read_entry(g, slot, &e);
		if (error == 0) {
			error = table_of(g, e, &slot.table);
		}
		if (error != 0) {
			return error;
		}
	}
	error = guest_unhook(g, slot);
	if (error == 0) {
		guest_delete_table(g, table);
	}
	return error;
}

int guest_prune(struct guest *g, vaddr_t va, uint64_t bytes)
{
	int error = 0;

	for (unsigned int l = 2; l <= g->config.geometry->levels; l++) {
		uint64_t span = geometry_span(g->config.geometry, l);
		uint64_t at = va.v & ~(span - 1);
		uint64_t nr = (va.v + bytes - 1 - at) / span + 1;

		for (; error == 0 && nr > 0; nr--, at += span) {
			error = prune_entry(g, l, vaddr(at));
		}
	}
	return error;
}

/* Frames [start, end) of the direct map: writable, known to be free. */
static int give_back(struct guest *g, pfn_t start, pfn_t end)
{
	int error =
		guest_protect_frames(g, start, end, PTE_RW, 0, GUEST_NO_FLUSH);

	if (error == 0) {
		error = g->ops->flush_tlb(g);
	}
	if (error == 0) {
		error = batch_flush(g, NULL);
	}
	if (error != 0) {
		return error;
	}
	g->stats.made_readwrite += end.v - start.v;
	error = region_remove(&g->tables, start, end);
	return error == 0 ? memblock_free(&g->memblock, start, end) : error;
}

static int of_p2m(struct guest *g, pfn_t first, uint64_t nr)
{
	const struct guest_boot *b = &g->boot;

	if (first.v >= b->p2m_start.v && first.v < b->p2m_end.v &&
	    nr <= b->p2m_end.v - first.v) {
		return 0;
	}
	return guest_fail(g, XEN_EINVAL,
			  "the P2M's mapping has pfn %lx, which is not of the "
			  "%lu from first_p2m_pfn %lx on",
			  first.v, b->p2m_end.v - b->p2m_start.v,
			  b->p2m_start.v);
}

/*
 * The subtree of the builder's P2M, table by table: all must be frames of the
 * P2M's own stretch. An entry of a large page is its pages.
 */
static int check_subtree(struct guest *g, unsigned int level, pfn_t table)
{
	unsigned int entries = g->config.geometry->level[level].nr_entries;
	struct guest_slot slot = {.level = level, .table = table};
	int error = of_p2m(g, table, 1);

	g->stats.pages_walked++;
	for (; error == 0 && slot.index < entries; slot.index++) {
		pfn_t child = PFN_INVALID;
		pte_t e;

		error = guest_read_entry(g, slot, &e);
		if (error == 0 && pte_present(e)) {
			error = table_of(g, e, &child);
		}
		if (error != 0 || !pte_present(e)) {
			continue;
		}
		if (entry_is_leaf(g, level, e)) {
			error = of_p2m(g, child,
				       geometry_span(g->config.geometry,
						     level) >>
					       PAGE_SHIFT);
		} else {
			error = check_subtree(g, level - 1, child);
		}
	}
	return error;
}

/* The slot of the root, and the table below it. */
static int p2m_slot(struct guest *g, unsigned int index,
		    struct guest_slot *ret_slot, pfn_t *ret_table)
{
	pte_t e;
	int error;

	*ret_slot = (struct guest_slot){
		.level = g->config.geometry->levels,
		.table = g->kernel.root,
		.index = index,
	};
	error = guest_read_entry(g, *ret_slot, &e);
	if (error == 0 && !pte_present(e)) {
		error = guest_fail(g, XEN_ENOENT,
				   "the P2M's slot %lu is not there",
				   (uint64_t)index);
	}
	return error == 0 ? table_of(g, e, ret_table) : error;
}

/* Slots of the root that the builder's P2M has, [*ret_first, *ret_last]. */
static void p2m_slots(const struct guest *g, unsigned int *ret_first,
		      unsigned int *ret_last)
{
	const struct guest_boot *b = &g->boot;
	const struct geometry *s = g->config.geometry;

	*ret_first = geometry_index(s, b->p2m_list, s->levels);
	*ret_last =
		geometry_index(s, vaddr_add(b->p2m_list, b->nr_pages * 8 - 1),
			       s->levels);
}

int guest_check_p2m_frames(struct guest *g)
{
	unsigned int first;
	unsigned int last;
	int error = 0;

	p2m_slots(g, &first, &last);
	for (unsigned int i = first; error == 0 && i <= last; i++) {
		struct guest_slot slot;
		pfn_t table;

		error = p2m_slot(g, i, &slot, &table);
		if (error == 0) {
			error = check_subtree(g, slot.level - 1, table);
		}
	}
	return error;
}

static int drop_slot(struct guest *g, unsigned int index)
{
	struct guest_slot slot;
	pfn_t table = PFN_INVALID;
	int error = p2m_slot(g, index, &slot, &table);

	if (error == 0) {
		error = g->ops->set_entry(g, slot, pte(0));
	}
	if (error == 0) {
		error = g->ops->flush_tlb(g);
	}
	if (error == 0) {
		error = batch_flush(g, NULL);
	}
	/* It is read through the direct map, and no longer in use. */
	return error == 0 ? check_subtree(g, slot.level - 1, table) : error;
}

int guest_drop_p2m(struct guest *g)
{
	struct guest_boot *b = &g->boot;
	unsigned int first;
	unsigned int last;
	int error = 0;

	if (g->p2m.kind == P2M_IDENTITY || b->p2m_start.v == b->p2m_end.v) {
		return 0;
	}
	if (g->p2m.kind == P2M_LIST) {
		return guest_fail(g, XEN_EBUSY,
				  "the builder's P2M is still in use");
	}
	p2m_slots(g, &first, &last);
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
		slot.index = geometry_index(g->config.geometry, va, slot.level);
		error = guest_read_entry(g, slot, &e);
		if (error != 0 || !pte_present(e)) {
			return error;
		}
		error = table_of(g, e, &table);
		if (error != 0 || slot.level == 2) {
			break;
		}
		slot.table = table;
	}
	if (error == 0) {
		error = g->ops->set_entry(g, slot, pte(0));
	}
	if (error == 0) {
		error = g->ops->flush_tlb(g);
	}
	if (error == 0) {
		error = batch_flush(g, NULL);
	}
	return error == 0 ? give_back(g, table, pfn_add(table, 1)) : error;
}

/* The initial mapping of [start, end). */
static int drop_mapping(struct guest *g, pfn_t start, pfn_t end)
{
	uint64_t block = geometry_span(g->config.geometry, 2) >> PAGE_SHIFT;
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
		error = lookup_present(g, g->kernel.root, va, &slot, &e);
		if (error == 0) {
			error = g->ops->set_mapping(g, va, slot, pte(0),
						    GUEST_NO_FLUSH);
		}
		error = error == -XEN_ENOENT ? 0 : error;
		start = pfn_add(start, 1);
	}
	if (error == 0) {
		error = g->ops->flush_tlb(g);
	}
	return error == 0 ? batch_flush(g, NULL) : error;
}

/* What start_info placed, and nothing uses any more. */
static int free_builders(struct guest *g)
{
	struct guest_boot *b = &g->boot;
	int error = memblock_free(&g->memblock, b->start_info,
				  pfn_add(b->start_info, 1));

	if (error == 0) {
		error = memblock_free(&g->memblock, b->tables_end,
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
	if (g->p2m.kind == P2M_LIST && !b->p2m_outside) {
		return guest_fail(g, XEN_EBUSY,
				  "the builder's P2M is still in use");
	}
	if (g->config.direct_base.v == g->config.virt_base.v) {
		return free_builders(g);
	}
	error = windows_close(g);
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
