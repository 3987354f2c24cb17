/* SPDX-License-Identifier: MIT */
/*
 * Frames for the kernel, taken from the allocator cleared and mapped, and given
 * back to it.
 */
#include "guest/table/table.h"

/* What is mapped, and free: from the top down. */
static int find(struct guest *g, uint64_t nr, pfn_t *ret)
{
	pfn_t nr_pages = pfn(g->boot.nr_pages);
	pfn_t end = guest_memblock_end(&g->memblock);

	if (end.v > nr_pages.v) {
		int error =
			guest_memblock_alloc(&g->memblock, nr_pages, end, nr, 1,
					     GUEST_MEMBLOCK_HIGH, ret);

		if (error != -XEN_ENOMEM) {
			return error;
		}
	}
	end = pfn(0);
	for (unsigned int i = 0; i < g->directmap.nr_mapped; i++) {
		if (g->directmap.mapped[i].end.v > end.v) {
			end = g->directmap.mapped[i].end;
		}
	}
	return guest_memblock_alloc(&g->memblock, pfn(0), end, nr, 1,
				    GUEST_MEMBLOCK_HIGH, ret);
}

int guest_alloc_frames(struct guest *g, uint64_t nr, pfn_t *ret)
{
	pfn_t first = PFN_INVALID;
	int error = find(g, nr, &first);

	if (error != 0) {
		return guest_fail(g, -error, "no %lu contiguous free frames",
				  nr);
	}
	for (uint64_t i = 0; i < nr; i++) {
		guest_port_clear_page(g, guest_direct_va(g, pfn_add(first, i)));
	}
	*ret = first;
	return 0;
}

void guest_return_frames(struct guest *g, pfn_t first, uint64_t nr)
{
	if (guest_free_frames(g, first, nr) != 0) {
		guest_note(g, "%lu frames from pfn %lx on stay reserved", nr,
			   first.v);
	}
}

int guest_free_frames(struct guest *g, pfn_t first, uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++) {
		guest_window_forget(g, pfn_add(first, i));
	}
	return guest_memblock_free(&g->memblock, first, pfn_add(first, nr));
}
