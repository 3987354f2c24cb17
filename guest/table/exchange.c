/* SPDX-License-Identifier: MIT */
/*
 * What is behind a frame: exchanged with what is behind another, given to the
 * hypervisor, asked back from it. P2M and M2P change together or not at all.
 */
#include "guest/table/table.h"

/*
 * The entry of a frame in the direct map; -XEN_ENOENT if there is no L1 table
 * for one. Tables are read-only there.
 */
static int direct_slot(struct guest *g, pfn_t frame, struct guest_slot *ret)
{
	pte_t e;
	int error = guest_lookup_present(g, g->kernel.root,
					 guest_direct_va(g, frame), ret, &e);

	if (error != 0 && error != -XEN_ENOENT) {
		return error;
	}
	if (ret->level != 1) {
		return guest_fail(g, XEN_ENOENT,
				  "the direct map has no place for pfn %lx",
				  frame.v);
	}
	if (pte_present(e) && !pte_writable(e)) {
		return guest_fail(
			g, XEN_EINVAL,
			"pfn %lx is read-only: what is behind it stays",
			frame.v);
	}
	return 0;
}

/* That entry, for a machine frame. */
static int remap(struct guest *g, pfn_t frame, struct guest_slot slot, mfn_t to)
{
	pte_t e = pte(0);

	if (!mfn_eq(to, MFN_INVALID)) {
		e = pte_make(to, PTE_P | PTE_RW | PTE_A | PTE_D |
					 (g->config.cpu.nx ? PTE_NX : 0));
	}
	return g->ops->set_mapping(g, guest_direct_va(g, frame), slot, e,
				   GUEST_FLUSH);
}

/*
 * Before what is behind a frame changes: nothing queued is left, so that each
 * error from here on is ours, and no window shows it.
 */
static int begin(struct guest *g, pfn_t frame, struct guest_slot *ret)
{
	int error = guest_batch_flush(g, NULL);

	if (error == 0) {
		error = direct_slot(g, frame, ret);
	}
	if (error == 0) {
		guest_window_forget(g, frame);
	}
	return error;
}

int guest_swap_frames(struct guest *g, pfn_t a, pfn_t b)
{
	mfn_t behind_a = guest_p2m_get(g, a);
	mfn_t behind_b = guest_p2m_get(g, b);
	struct guest_slot of_a;
	struct guest_slot of_b;
	int error;

	if (!g->ops->hypervisor || mfn_eq(behind_a, MFN_INVALID) ||
	    mfn_eq(behind_b, MFN_INVALID) || guest_in_initial_mapping(g, a) ||
	    guest_in_initial_mapping(g, b)) {
		return guest_fail(g, XEN_EINVAL,
				  "pfn %lx and %lx cannot be exchanged", a.v,
				  b.v);
	}
	error = begin(g, a, &of_a);
	if (error == 0) {
		error = begin(g, b, &of_b);
	}
	if (error == 0) {
		error = remap(g, a, of_a, behind_b);
	}
	if (error == 0) {
		error = remap(g, b, of_b, behind_a);
	}
	if (error == 0) {
		guest_batch_m2p(g, a, behind_b);
		guest_batch_m2p(g, b, behind_a);
		error = guest_batch_flush(g, NULL);
	}
	return error;
}

static int64_t reservation(struct guest *g, unsigned int command,
			   xen_pfn_t *frame)
{
	struct xen_memory_reservation r = {
		.nr_extents = 1,
		.domid = DOMID_SELF,
	};

	guest_set_handle(&r.extent_start, frame);
	return guest_hypercall(g, __HYPERVISOR_memory_op, command,
			       (uintptr_t)&r, 0, 0);
}

int guest_give_frame(struct guest *g, pfn_t frame)
{
	const mfn_t back = guest_p2m_get(g, frame);
	xen_pfn_t behind = (xen_pfn_t)back.v;
	struct guest_slot slot;
	int error;

	if (!g->ops->hypervisor || mfn_eq(back, MFN_INVALID) ||
	    guest_in_initial_mapping(g, frame)) {
		return guest_fail(g, XEN_EINVAL, "pfn %lx cannot be given back",
				  frame.v);
	}
	error = begin(g, frame, &slot);
	if (error == 0) {
		error = remap(g, frame, slot, MFN_INVALID);
	}
	if (error == 0) {
		error = guest_batch_flush(g, NULL);
	}
	if (error != 0) {
		return error;
	}
	if (reservation(g, XENMEM_decrease_reservation, &behind) != 1) {
		/* Still ours: map it again. */
		if (remap(g, frame, slot, mfn(behind)) != 0 ||
		    guest_batch_flush(g, NULL) != 0) {
			guest_note(g, "pfn %lx stays unmapped", frame.v);
		}
		return guest_fail(g, XEN_EINVAL,
				  "the hypervisor does not take back mfn %lx",
				  (uint64_t)behind);
	}
	return guest_p2m_set(g, frame, MFN_INVALID);
}

/* One that the guest never had: its place in the direct map, and reserved. */
static int begin_new(struct guest *g, pfn_t frame, struct guest_slot *ret)
{
	int error;

	if (!pfn_eq(guest_e820_next_ram(&g->e820, frame), frame)) {
		return guest_fail(g, XEN_EINVAL,
				  "the memory map has no RAM at pfn %lx",
				  frame.v);
	}
	error = guest_map_entry(g, &g->kernel, guest_direct_va(g, frame), ret);
	if (error == 0) {
		error = guest_p2m_reserve(g, frame);
	}
	if (error == 0) {
		error = guest_memblock_reserve(&g->memblock, frame,
					       pfn_add(frame, 1));
	}
	if (error == 0) {
		error = guest_memblock_add(&g->memblock, frame,
					   pfn_add(frame, 1));
		if (error != 0) {
			guest_return_frames(g, frame, 1);
		}
	}
	return error;
}

/* It did not come after all. */
static void forget_new(struct guest *g, pfn_t frame)
{
	if (guest_memblock_remove(&g->memblock, frame, pfn_add(frame, 1)) !=
	    0) {
		guest_note(g, "pfn %lx stays memory", frame.v);
		return;
	}
	guest_return_frames(g, frame, 1);
}

int guest_take_frame(struct guest *g, pfn_t frame)
{
	xen_pfn_t extent = (xen_pfn_t)frame.v;
	struct guest_slot slot;
	bool new = frame.v >= g->boot.nr_pages &&
		   !guest_memblock_is_memory(&g->memblock, frame);
	int error;

	if (!g->ops->hypervisor || frame.v >= g->p2m.nr ||
	    !mfn_eq(guest_p2m_get(g, frame), MFN_INVALID)) {
		return guest_fail(g, XEN_EINVAL,
				  "pfn %lx has a frame behind it, or no place "
				  "in the P2M",
				  frame.v);
	}
	/* All that can be missing, before there is a frame to lose. */
	error = new ? guest_batch_flush(g, NULL) : begin(g, frame, &slot);
	if (error == 0) {
		error = new ? begin_new(g, frame, &slot)
			    : guest_p2m_reserve(g, frame);
	}
	if (error != 0) {
		return error;
	}
	if (reservation(g, XENMEM_populate_physmap, &extent) != 1) {
		if (new) {
			forget_new(g, frame);
		}
		return guest_fail(g, XEN_ENOMEM,
				  "the hypervisor has no frame for pfn %lx",
				  frame.v);
	}
	error = guest_p2m_set(g, frame, mfn(extent));
	if (error == 0) {
		error = remap(g, frame, slot, mfn(extent));
	}
	return error == 0 ? guest_batch_flush(g, NULL) : error;
}
