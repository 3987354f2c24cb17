/* SPDX-License-Identifier: MIT */
/*
 * Where the initial mapping ends is not in start_info; the builder's tables say
 * it, upwards from the last thing that start_info places.
 */
#include "guest/start/start.h"

/* Before the list is read: where nothing is mapped, that is a fault. */
int guest_initial_check_p2m(struct guest *g)
{
	const struct guest_boot *b = &g->boot;
	uint64_t last =
		b->p2m_list.v + b->nr_pages * g->config.geometry->word - 1;

	for (unsigned int i = va_slot(g, b->p2m_list.v); i <= va_slot(g, last);
	     i++) {
		pte_t e = guest_entry_load(g, guest_initial_va(g, b->root), i);

		if (!pte_present(e)) {
			return guest_fail(
				g, XEN_EINVAL,
				"start_info: the table at pt_base, "
				"pfn %lx, has nothing at mfn_list %lx",
				b->root.v, b->p2m_list.v);
		}
	}
	return 0;
}

/* One of the builder's tables: behind start_info, and not behind the last. */
static int builders_table(struct guest *g, pte_t e, pfn_t *ret)
{
	const struct guest_boot *b = &g->boot;

	*ret = guest_p2m_find(g, guest_entry_mfn(g, e));
	if (ret->v <= b->start_info.v || ret->v >= b->tables_end.v) {
		return guest_fail(g, XEN_EINVAL,
				  "start_info: the table of entry %lx, pfn "
				  "%lx, is not among the builder's",
				  e.v, ret->v);
	}
	return 0;
}

/* The first frame of the tables below one, as far as they go. */
static int first_table(struct guest *g, unsigned int level, pfn_t table,
		       pfn_t *first)
{
	int error = 0;

	if (table.v < first->v) {
		*first = table;
	}
	for (unsigned int i = 0;
	     level > 1 && error == 0 && !hypervisors_slot(g, level, i) &&
	     i < g->config.geometry->level[level].nr_entries;
	     i++) {
		pte_t e = guest_entry_load(g, guest_initial_va(g, table), i);
		pfn_t child;

		if (!pte_present(e) || guest_entry_is_leaf(g, level, e)) {
			continue;
		}
		error = builders_table(g, e, &child);
		if (error == 0) {
			error = first_table(g, level - 1, child, first);
		}
	}
	return error;
}

/*
 * On a 64-bit hypervisor a 32-bit guest's tables begin two frames before
 * pt_base, or at pt_base, by the hypervisor's age; nr_pt_frames counts from
 * there. The tables themselves say which.
 */
int guest_initial_find_tables(struct guest *g)
{
	struct guest_boot *b = &g->boot;
	uint64_t nr = b->tables_end.v - b->tables_start.v;
	pfn_t first = b->root;
	int error;

	if (g->config.geometry->root_first) {
		return 0;
	}
	error = first_table(g, g->config.geometry->levels, b->root, &first);
	if (error != 0) {
		return error;
	}
	b->tables_start = first;
	b->tables_end = pfn_add(first, nr);
	if (b->root.v >= b->tables_end.v) {
		return guest_fail(g, XEN_EINVAL,
				  "start_info: nr_pt_frames %lu do not reach "
				  "from pfn %lx to pt_base",
				  nr, first.v);
	}
	return 0;
}

/*
 * The entry that maps a frame in the initial mapping. All tables on the way
 * must be those that start_info has.
 */
static int initial_entry(struct guest *g, pfn_t frame, unsigned int *ret_level,
			 pte_t *ret)
{
	const struct guest_geometry *s = g->config.geometry;
	const struct guest_boot *b = &g->boot;
	vaddr_t va = guest_initial_va(g, frame);
	unsigned int level = s->levels;
	pfn_t table = b->root;

	for (;; level--) {
		pte_t e = guest_entry_load(g, guest_initial_va(g, table),
					   guest_geometry_index(s, va, level));

		if (!pte_present(e) || guest_entry_is_leaf(g, level, e)) {
			*ret_level = level;
			*ret = e;
			return pte_present(e) ? 0 : -XEN_ENOENT;
		}
		table = guest_p2m_find(g, guest_entry_mfn(g, e));
		if (table.v < b->tables_start.v || table.v >= b->tables_end.v) {
			return guest_fail(g, XEN_EINVAL,
					  "start_info: nr_pt_frames %lu: the "
					  "table of entry %lx, pfn %lx, is not "
					  "among them",
					  b->tables_end.v - b->tables_start.v,
					  e.v, table.v);
		}
	}
}

/* Tables are mapped read-only, and nothing else is from pt_base on. */
static int check_initial_entry(struct guest *g, pfn_t frame, unsigned int level,
			       pte_t e)
{
	const struct guest_boot *b = &g->boot;

	if (level != 1 || !mfn_eq(pte_mfn(e), guest_p2m_get(g, frame))) {
		return guest_fail(g, XEN_EINVAL,
				  "the initial mapping of pfn %lx is entry %lx",
				  frame.v, e.v);
	}
	if (pte_writable(e) != (frame.v >= b->tables_end.v)) {
		return guest_fail(g, XEN_EINVAL,
				  "start_info: nr_pt_frames %lu: pfn %lx is "
				  "mapped by entry %lx",
				  b->tables_end.v - b->tables_start.v, frame.v,
				  e.v);
	}
	return 0;
}

/* Upwards from the tables, as long as pfn n is mapped where it should be. */
int guest_initial_find_end(struct guest *g)
{
	struct guest_boot *b = &g->boot;
	pfn_t at = b->tables_start;

	while (at.v < b->nr_pages) {
		unsigned int level = 0;
		pte_t e = pte(0);
		int error = initial_entry(g, at, &level, &e);

		if (error == -XEN_ENOENT) {
			break;
		}
		if (error == 0) {
			error = check_initial_entry(g, at, level, e);
		}
		if (error != 0) {
			return error;
		}
		at = pfn_add(at, 1);
	}
	/* The stack comes after the tables. */
	if (at.v <= b->tables_end.v) {
		return guest_fail(g, XEN_EINVAL,
				  "the initial mapping ends at pfn %lx, before "
				  "what the builder put there",
				  at.v);
	}
	b->mapped_start = pfn(0);
	b->mapped_end = at;
	return 0;
}
