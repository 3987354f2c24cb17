/* SPDX-License-Identifier: MIT */
/*
 * Where the frames of tables come from and go to: the buffer of the direct map
 * while it is built, else the allocator.
 */
#include "guest/table/table.h"

int guest_clear_frame(struct guest *g, pfn_t frame)
{
	vaddr_t va = vaddr(0);
	int error = guest_frame_reach(g, frame, true, &va);

	if (error == 0) {
		guest_port_clear_page(g, va);
	}
	return error;
}

int guest_new_table(struct guest *g, pfn_t *ret)
{
	struct guest_directmap *d = &g->directmap;
	int error = 0;

	if (d->building) {
		if (d->now.end.v >= d->now.top.v) {
			return guest_fail(g, XEN_ENOMEM,
					  "the table buffer %lx to %lx is used "
					  "up",
					  d->now.start.v, d->now.top.v);
		}
		*ret = d->now.end;
		d->now.end = pfn_add(d->now.end, 1);
	} else {
		error = guest_memblock_alloc(&g->memblock, pfn(0),
					     guest_memblock_end(&g->memblock),
					     1, 1, GUEST_MEMBLOCK_HIGH, ret);
	}
	if (error != 0) {
		return guest_fail(g, -error, "no frame for a table");
	}
	g->stats.tables++;
	error = guest_clear_frame(g, *ret);
	if (error != 0 && !d->building) {
		guest_delete_table(g, *ret);
	}
	return error;
}

void guest_delete_table(struct guest *g, pfn_t frame)
{
	guest_return_frames(g, frame, 1);
}

void guest_discard_tables(struct guest *g, unsigned int level, pfn_t table,
			  bool given)
{
	struct guest_slot slot = {.level = level, .table = table};
	unsigned int nr = 0; /* tables below it */
	int error = 0;

	if (g->directmap.building) {
		return; /* The buffer's; the kernel cannot go on anyway. */
	}
	if (level > 1 && level <= GUEST_GEOMETRY_MAX_LEVELS) {
		nr = g->config.geometry->level[level].nr_entries;
	}
	for (; slot.index < nr; slot.index++) {
		pte_t e = pte(0);

		if (guest_read_entry(g, slot, &e) == 0 && pte_present(e)) {
			guest_discard_tables(
				g, level - 1,
				guest_p2m_find(g, guest_entry_mfn(g, e)), true);
		}
	}
	if (given) {
		error = g->ops->release_table(g, level, table);
		error = error == 0 ? guest_batch_flush(g, NULL) : error;
	}
	if (error == 0) {
		guest_delete_table(g, table);
	} else {
		guest_note(g, "the table pfn %lx is lost", table.v);
	}
}
