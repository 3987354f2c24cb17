/* SPDX-License-Identifier: MIT */
/*
 * Permissions. A frame can be mapped twice by what the library knows: in the
 * initial mapping and in the direct map; a table must be read-only in both.
 * An alias that leads to another frame (a part of the initial mapping that
 * has been replaced) is left alone.
 */
#include "guest/request/request.h"

static int change_alias(struct guest *g, vaddr_t va, pfn_t frame, uint64_t set,
			uint64_t clear, enum guest_flush flush)
{
	struct guest_slot slot;
	pte_t e;
	int error = guest_lookup_present(g, g->kernel.root, va, &slot, &e);

	if ((error == 0 || error == -XEN_ENOENT) &&
	    guest_batch_is_about(g, va, guest_slot_maddr(g, slot))) {
		/* What is queued for it stays; this comes on top. */
		guest_batch_issue(g);
		error = guest_lookup_present(g, g->kernel.root, va, &slot, &e);
	}
	if (error != 0) {
		return error;
	}
	if (slot.level != 1 ||
	    !mfn_eq(guest_entry_mfn(g, e), guest_p2m_get(g, frame))) {
		return -XEN_ENOENT;
	}
	return g->ops->set_mapping(g, va, slot, pte((e.v | set) & ~clear),
				   flush);
}

static int change_frame(struct guest *g, pfn_t frame, uint64_t set,
			uint64_t clear, enum guest_flush flush)
{
	vaddr_t direct = guest_direct_va(g, frame);
	vaddr_t initial = guest_initial_va(g, frame);
	bool found = false;
	int error = 0;

	if (guest_in_initial_mapping(g, frame)) {
		error = change_alias(g, initial, frame, set, clear, flush);
		found = error == 0;
	}
	if ((error == 0 || error == -XEN_ENOENT) &&
	    (direct.v != initial.v || !found)) {
		error = change_alias(g, direct, frame, set, clear, flush);
		found = found || error == 0;
	}
	if (error == -XEN_ENOENT && found) {
		error = 0;
	}
	return error;
}

int guest_make_readonly(struct guest *g, pfn_t frame)
{
	int error;

	if (!g->ops->hypervisor) {
		return 0;
	}
	error = change_frame(g, frame, 0, PTE_RW, GUEST_NO_FLUSH);
	if (error == 0) {
		g->stats.made_readonly++;
	}
	return error;
}

int guest_make_readwrite(struct guest *g, pfn_t frame, enum guest_flush flush)
{
	int error;

	if (!g->ops->hypervisor) {
		return 0;
	}
	error = change_frame(g, frame, PTE_RW, 0, flush);
	if (error == 0) {
		g->stats.made_readwrite++;
	}
	return error;
}

int guest_protect(struct guest *g, pfn_t root, vaddr_t va, uint64_t set,
		  uint64_t clear, enum guest_flush flush)
{
	struct guest_slot slot;
	pte_t e;
	int error = guest_lookup(g, root, va, &slot, &e);

	if (error != 0) {
		return error;
	}
	e = pte((e.v | set) & ~clear);
	if (slot.level == 1 && pfn_eq(root, g->kernel.root)) {
		return g->ops->set_mapping(g, va, slot, e, flush);
	}
	error = guest_set_entry(g, slot, e);
	if (error == 0 && flush == GUEST_FLUSH) {
		error = g->ops->flush_address(g, va);
	}
	return error;
}

/* The entries of one L1 from a slot on, as far as [frame, end) goes. */
static int protect_stretch(struct guest *g, struct guest_slot slot, pfn_t *at,
			   pfn_t end, uint64_t set, uint64_t clear,
			   enum guest_flush flush)
{
	unsigned int nr = g->config.geometry->level[1].nr_entries;
	int error = guest_table_load(g, 1, slot.table, g->scratch);

	for (; error == 0 && slot.index < nr && at->v < end.v; slot.index++) {
		pte_t e = pte(g->scratch[slot.index]);

		if (!pte_present(e)) {
			error = -XEN_ENOENT;
		} else if (((e.v | set) & ~clear) != e.v) {
			error = g->ops->set_mapping(g, guest_direct_va(g, *at),
						    slot,
						    pte((e.v | set) & ~clear),
						    flush);
		}
		*at = pfn_add(*at, 1);
	}
	return error;
}

int guest_protect_frames(struct guest *g, pfn_t start, pfn_t end, uint64_t set,
			 uint64_t clear, enum guest_flush flush)
{
	pfn_t at = start;
	int error = 0;

	if (!g->ops->hypervisor) {
		return 0;
	}
	while (error == 0 && at.v < end.v) {
		struct guest_slot slot;
		pte_t e;

		error = guest_lookup(g, g->kernel.root, guest_direct_va(g, at),
				     &slot, &e);
		if (error == 0 && slot.level != 1) {
			error = -XEN_ENOENT;
		}
		if (error == 0) {
			error = protect_stretch(g, slot, &at, end, set, clear,
						flush);
		}
	}
	return error;
}
