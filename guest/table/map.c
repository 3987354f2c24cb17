/* SPDX-License-Identifier: MIT */
/*
 * One page at an address, with the tables that it needs.
 */
#include "guest/table/table.h"

/* Hook into tables in use, or store into ones that are not. */
static int grow(struct guest *g, const struct guest_space *space,
		struct guest_slot slot)
{
	pfn_t child = PFN_INVALID;
	int error = guest_new_table(g, &child);

	if (error != 0) {
		return error;
	}
	if (space->pinned) {
		error = guest_hook(g, slot, child);
	} else {
		error = guest_slot_store(
			g, slot,
			guest_make_pte(g, child,
				       guest_table_flags(g, slot.level)));
	}
	if (error != 0) {
		guest_delete_table(g, child);
	}
	return error;
}

int guest_map_entry(struct guest *g, const struct guest_space *space,
		    vaddr_t va, struct guest_slot *ret)
{
	for (;;) {
		pte_t e;
		int error = guest_lookup(g, space->root, va, ret, &e);

		if (error == 0) {
			return guest_fail(g, XEN_EEXIST,
					  "%lx is mapped already: entry %lx",
					  va.v, e.v);
		}
		if (error != -XEN_ENOENT) {
			return error;
		}
		if (ret->level == 1) {
			return 0;
		}
		error = grow(g, space, *ret);
		if (error != 0) {
			return error;
		}
	}
}

int guest_map(struct guest *g, const struct guest_space *space, vaddr_t va,
	      pfn_t frame, uint64_t flags)
{
	struct guest_slot slot;
	pte_t e = guest_make_pte(g, frame, flags);
	int error;

	if (e.v == 0) {
		return guest_fail(g, XEN_EINVAL, "nothing is behind pfn %lx",
				  frame.v);
	}
	error = guest_map_entry(g, space, va, &slot);
	if (error != 0) {
		return error;
	}
	if (!space->pinned) {
		return guest_slot_store(g, slot, e);
	}
	return guest_set_entry(g, slot, e);
}

int guest_unmap(struct guest *g, const struct guest_space *space, vaddr_t va)
{
	struct guest_slot slot;
	pte_t e;
	int error = guest_lookup(g, space->root, va, &slot, &e);

	if (error != 0) {
		return error;
	}
	if (!space->pinned) {
		return guest_slot_store(g, slot, pte(0));
	}
	if (slot.level == 1 && pfn_eq(space->root, g->kernel.root)) {
		return g->ops->set_mapping(g, va, slot, pte(0), GUEST_FLUSH);
	}
	error = guest_set_entry(g, slot, pte(0));
	return error == 0 ? g->ops->flush_address(g, va) : error;
}
