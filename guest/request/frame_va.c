/* SPDX-License-Identifier: MIT */
/*
 * An address for the kernel itself, which may be about to write: a frame that
 * the hypervisor guards is told from ordinary memory here, not by a fault.
 */
#include "guest/request/request.h"

/* A window is refused by the hypervisor; a mapping that is there is asked. */
static bool can_write(struct guest *g, pfn_t frame, vaddr_t va)
{
	struct guest_slot slot;
	pte_t e;

	if (!g->ops->hypervisor || (!guest_direct_mapped(g, frame) &&
				    !guest_in_initial_mapping(g, frame))) {
		return true;
	}
	return guest_lookup(g, g->kernel.root, va, &slot, &e) == 0 &&
	       pte_writable(e);
}

int guest_frame_va(struct guest *g, pfn_t frame, bool write, vaddr_t *ret)
{
	vaddr_t va = vaddr(0);
	int error;

	if (g->ops->hypervisor && frame.v < g->p2m.nr &&
	    mfn_eq(guest_p2m_get(g, frame), MFN_INVALID)) {
		return guest_fail(g, XEN_EINVAL, "nothing is behind pfn %lx",
				  frame.v);
	}
	error = guest_frame_reach(g, frame, write, &va);
	if (write &&
	    (error == -XEN_EBUSY || (error == 0 && !can_write(g, frame, va)))) {
		return guest_fail(g, XEN_EINVAL,
				  "pfn %lx is a table: it cannot be written",
				  frame.v);
	}
	if (error == 0) {
		*ret = va;
	}
	return error;
}
