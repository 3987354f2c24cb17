/* SPDX-License-Identifier: MIT */
/*
 * A linear P2M: leaves mapped in a row at an address of its own, as many as
 * possible at a time; where a leaf would say nothing the shared one is mapped,
 * read-only.
 */
#include "guest/start/start.h"

/* As many contiguous frames as there are, at most nr. */
static int frames_run(struct guest *g, uint64_t nr, pfn_t *ret,
		      uint64_t *ret_nr)
{
	int error;

	for (;; nr /= 2) {
		error = guest_alloc_frames(g, nr, ret);
		if (error != -XEN_ENOMEM || nr == 1) {
			break;
		}
	}
	*ret_nr = nr;
	return error;
}

/* Of pages that could not all be mapped: those that were. */
static void unmap_run(struct guest *g, vaddr_t va, pfn_t frame, uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++) {
		vaddr_t at = vaddr_add(va, i << PAGE_SHIFT);
		struct guest_slot slot;
		pte_t e;

		if (guest_lookup(g, g->kernel.root, at, &slot, &e) == 0 &&
		    mfn_eq(guest_entry_mfn(g, e),
			   guest_p2m_get(g, pfn_add(frame, i))) &&
		    (guest_unmap(g, &g->kernel, at) != 0 ||
		     guest_batch_flush(g, NULL) != 0)) {
			guest_note(g, "pfn %lx stays mapped", frame.v + i);
		}
	}
}

/* Leaves [first, end), which are all needed. */
static int linear_run(struct guest *g, struct guest_p2m *p, uint64_t first,
		      uint64_t end)
{
	while (first < end) {
		pfn_t frame;
		uint64_t nr;
		int error = frames_run(g, end - first, &frame, &nr);

		if (error != 0) {
			return error;
		}
		for (uint64_t i = 0; i < nr; i++) {
			guest_p2m_leaf_read(g, first + i);
			guest_p2m_leaf_write(g, pfn_add(frame, i));
		}
		error = guest_map_pages(g, guest_p2m_leaf_va(p, first), frame,
					nr, PTE_P | PTE_RW | PTE_A | PTE_D);
		if (error != 0) {
			unmap_run(g, guest_p2m_leaf_va(p, first), frame, nr);
			guest_return_frames(g, frame, nr);
			return error;
		}
		p->nr_frames += nr;
		p->nr_mapped += nr;
		first += nr;
	}
	return 0;
}

int guest_p2m_linear_build(struct guest *g, struct guest_p2m *p)
{
	uint64_t i = 0;
	int error = 0;

	while (error == 0 && i < guest_p2m_nr_leaves(p)) {
		uint64_t end = i;

		while (end < guest_p2m_nr_leaves(p) &&
		       guest_p2m_leaf_read(g, end)) {
			end++;
		}
		if (end > i) {
			error = linear_run(g, p, i, end);
			i = end;
			continue;
		}
		error = guest_map_pages(g, guest_p2m_leaf_va(p, i),
					p->missing_leaf, 1, PTE_P | PTE_A);
		p->nr_mapped += error == 0;
		i++;
	}
	return error;
}

/* What is mapped beyond nr_mapped is somebody else's. */
int guest_p2m_linear_free(struct guest *g, struct guest_p2m *p)
{
	int error;

	for (uint64_t i = 0; i < p->nr_mapped; i++) {
		vaddr_t va = guest_p2m_leaf_va(p, i);
		struct guest_slot slot;
		pte_t e;
		pfn_t frame;

		error = guest_lookup(g, g->kernel.root, va, &slot, &e);
		if (error == -XEN_ENOENT) {
			continue;
		}
		frame = error == 0 ? guest_p2m_find(g, guest_entry_mfn(g, e))
				   : PFN_INVALID;
		error = error == 0 ? guest_unmap(g, &g->kernel, va) : error;
		error = error == 0 ? guest_batch_flush(g, NULL) : error;
		if (error != 0) {
			return error;
		}
		if (!pfn_eq(frame, p->missing_leaf)) {
			guest_p2m_page_free(g, p, frame);
		}
	}
	error = guest_prune(g, p->list, guest_p2m_nr_leaves(p) << PAGE_SHIFT);
	/* Among tables of another's, none was made. */
	return error == -XEN_EFAULT && p->nr_mapped == 0 ? 0 : error;
}
