/* SPDX-License-Identifier: MIT */
/*
 * Looking up entries of the P2M, whatever its form. Below the form there is
 * one question: at which address is the entry of a frame.
 */
#include "guest/reach/reach.h"

vaddr_t guest_p2m_tree_entry(struct guest *g, pfn_t frame, vaddr_t *ret_mid)
{
	const struct guest_p2m *p = &g->p2m;
	uint64_t top = frame.v / (GUEST_P2M_PER_PAGE * GUEST_P2M_PER_PAGE);
	uint64_t middle = frame.v / GUEST_P2M_PER_PAGE % GUEST_P2M_PER_PAGE;
	pfn_t mid;
	pfn_t leaf;

	mid = pfn(guest_port_load64(g, vaddr_add(guest_direct_va(g, p->top),
						 top * 8)));
	*ret_mid = vaddr_add(guest_direct_va(g, mid), middle * 8);
	leaf = pfn(guest_port_load64(g, *ret_mid));
	return vaddr_add(guest_direct_va(g, leaf),
			 frame.v % GUEST_P2M_PER_PAGE * 8);
}

vaddr_t guest_p2m_entry_va(struct guest *g, pfn_t frame)
{
	vaddr_t mid;

	if (g->p2m.kind == GUEST_P2M_TREE) {
		return guest_p2m_tree_entry(g, frame, &mid);
	}
	return vaddr_add(g->p2m.list, frame.v * 8);
}

mfn_t guest_p2m_get(struct guest *g, pfn_t frame)
{
	if (frame.v >= g->p2m.nr) {
		return MFN_INVALID;
	}
	if (g->p2m.kind == GUEST_P2M_IDENTITY) {
		return mfn(frame.v);
	}
	return mfn(guest_port_load64(g, guest_p2m_entry_va(g, frame)));
}

void guest_p2m_get_many(struct guest *g, pfn_t frame, uint64_t *ret_mfns,
			unsigned int nr)
{
	unsigned int i = 0;

	while (i < nr) {
		pfn_t at = pfn_add(frame, i);
		uint64_t in_page =
			GUEST_P2M_PER_PAGE - at.v % GUEST_P2M_PER_PAGE;
		unsigned int step =
			nr - i < in_page ? nr - i : (unsigned int)in_page;

		if (g->p2m.kind == GUEST_P2M_IDENTITY || at.v >= g->p2m.nr ||
		    g->p2m.nr - at.v < step) {
			ret_mfns[i++] = guest_p2m_get(g, at).v;
			continue;
		}
		guest_port_read(g, &ret_mfns[i], guest_p2m_entry_va(g, at),
				step * 8);
		i += step;
	}
}

pfn_t guest_p2m_find(struct guest *g, mfn_t frame)
{
	pfn_t own;

	if (g->p2m.kind == GUEST_P2M_IDENTITY) {
		return frame.v < g->p2m.nr ? pfn(frame.v) : PFN_INVALID;
	}
	if (!guest_port_m2p(g, frame, &own) ||
	    !mfn_eq(guest_p2m_get(g, own), frame)) {
		return PFN_INVALID;
	}
	return own;
}
