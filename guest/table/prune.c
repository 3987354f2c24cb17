/* SPDX-License-Identifier: MIT */
/*
 * Tables that map nothing any more go back to the allocator, from the lowest
 * level upwards, so that one whose last child went can go as well.
 */
#include "guest/table/table.h"

static int table_empty(struct guest *g, unsigned int level, pfn_t table,
		       bool *ret)
{
	int error = guest_table_load(g, level, table, g->scratch);

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
		slot.index = guest_geometry_index(g->config.geometry, va,
						  slot.level);
		if (slot.level == level) {
			break;
		}
		error = guest_read_entry(g, slot, &e);
		if (error == 0) {
			error = guest_entry_table(g, e, &slot.table);
		}
		if (error != 0) {
			return error;
		}
	}
	error = guest_unhook(g, slot);
	/* One of the builder's, perhaps, and known as such. */
	if (error == 0) {
		error = guest_region_remove(&g->tables, table,
					    pfn_add(table, 1));
	}
	if (error == 0) {
		guest_delete_table(g, table);
	}
	return error;
}

int guest_prune(struct guest *g, vaddr_t va, uint64_t bytes)
{
	int error = 0;

	for (unsigned int l = 2; l <= g->config.geometry->levels; l++) {
		uint64_t span = guest_geometry_span(g->config.geometry, l);
		uint64_t at = va.v & ~(span - 1);
		uint64_t nr = (va.v + bytes - 1 - at) / span + 1;

		for (; error == 0 && nr > 0; nr--, at += span) {
			error = prune_entry(g, l, vaddr(at));
		}
	}
	return error;
}
