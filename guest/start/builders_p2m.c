/* SPDX-License-Identifier: MIT */
/*
 * The builder's P2M at a slot of its own: the list and the tables that map it
 * must be the frames that start_info names, before they are reserved as such,
 * and again before they are given back.
 */
#include "guest/start/start.h"

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
int guest_builders_p2m_check(struct guest *g, unsigned int level, pfn_t table)
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
			error = guest_entry_table(g, e, &child);
		}
		if (error != 0 || !pte_present(e)) {
			continue;
		}
		if (guest_entry_is_leaf(g, level, e)) {
			error = of_p2m(g, child,
				       guest_geometry_span(g->config.geometry,
							   level) >>
					       PAGE_SHIFT);
		} else {
			error = guest_builders_p2m_check(g, level - 1, child);
		}
	}
	return error;
}

/* The slot of the root, and the table below it. */
int guest_builders_p2m_slot(struct guest *g, unsigned int index,
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
	return error == 0 ? guest_entry_table(g, e, ret_table) : error;
}

/* Slots of the root that the builder's P2M has, [*ret_first, *ret_last]. */
void guest_builders_p2m_slots(const struct guest *g, unsigned int *ret_first,
			      unsigned int *ret_last)
{
	const struct guest_boot *b = &g->boot;
	const struct guest_geometry *s = g->config.geometry;

	*ret_first = guest_geometry_index(s, b->p2m_list, s->levels);
	*ret_last = guest_geometry_index(s,
					 vaddr_add(b->p2m_list,
						   b->nr_pages * s->word - 1),
					 s->levels);
}

int guest_check_p2m_frames(struct guest *g)
{
	unsigned int first;
	unsigned int last;
	int error = 0;

	guest_builders_p2m_slots(g, &first, &last);
	for (unsigned int i = first; error == 0 && i <= last; i++) {
		struct guest_slot slot;
		pfn_t table;

		error = guest_builders_p2m_slot(g, i, &slot, &table);
		if (error == 0) {
			error = guest_builders_p2m_check(g, slot.level - 1,
							 table);
		}
	}
	return error;
}
