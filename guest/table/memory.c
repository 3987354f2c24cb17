/* SPDX-License-Identifier: MIT */
/*
 * Frames for the kernel, taken from the allocator cleared and mapped, and given
 * back to it.
 */
#include "guest/table/table.h"

int guest_alloc_frames(struct guest *g, uint64_t nr, pfn_t *ret)
{
	pfn_t end = pfn(0);
	pfn_t first;
	int error;

	for (unsigned int i = 0; i < g->directmap.nr_mapped; i++) {
		if (g->directmap.mapped[i].end.v > end.v) {
			end = g->directmap.mapped[i].end;
		}
	}
	error = guest_memblock_alloc(&g->memblock, pfn(0), end, nr, 1,
				     GUEST_MEMBLOCK_HIGH, &first);
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
