/* SPDX-License-Identifier: MIT */
/*
 * Setting entries of the P2M. What is missing shares a leaf, and an entry in
 * that one is not set: it would be everybody's. guest_p2m_reserve() makes
 * another.
 */
#include "guest/reach/reach.h"

int guest_p2m_in_shared_leaf(struct guest *g, pfn_t frame, bool *ret)
{
	const struct guest_p2m *p = &g->p2m;
	struct guest_slot slot;
	vaddr_t mid;
	pte_t e;
	int error;

	*ret = false;
	if (frame.v >= p->nr || p->kind == GUEST_P2M_IDENTITY) {
		return -XEN_EINVAL;
	}
	/* What holds a frame is not the shared leaf. */
	if (p->kind == GUEST_P2M_LIST ||
	    !mfn_eq(guest_p2m_get(g, frame), MFN_INVALID)) {
		return 0;
	}
	if (p->kind == GUEST_P2M_TREE) {
		(void)guest_p2m_tree_entry(g, frame, &mid);
		*ret = guest_port_load64(g, mid) == p->missing_leaf.v;
		return 0;
	}
	error = guest_lookup_present(g, g->kernel.root,
				     guest_p2m_entry_va(g, frame), &slot, &e);
	*ret = error == 0 &&
	       mfn_eq(guest_entry_mfn(g, e), guest_p2m_get(g, p->missing_leaf));
	return error;
}

int guest_p2m_set(struct guest *g, pfn_t frame, mfn_t to)
{
	bool shared;
	int error;

	if (frame.v < g->p2m.nr && mfn_eq(guest_p2m_get(g, frame), to) &&
	    g->p2m.kind != GUEST_P2M_IDENTITY) {
		return 0;
	}
	error = guest_p2m_in_shared_leaf(g, frame, &shared);
	if (error == 0 && shared) {
		error = guest_fail(g, XEN_ENOENT,
				   "the P2M has no place for pfn %lx", frame.v);
	}
	if (error == 0) {
		guest_p2m_entry_store(g, guest_p2m_entry_va(g, frame), to.v);
	}
	return error;
}
