/* SPDX-License-Identifier: MIT */
/*
 * Memory that is given back while tables still refer to it. A frame of the
 * pool goes and another takes its number; the old one stays the domain's for
 * as long as something maps it or names it, and the view does, so that
 * neither hypervisor can give it out again before the seed's end: what is in
 * it must go on being what the tables that refer to it rely on.
 */
#include "kernels/reference/diff.h"

static int64_t reservation(unsigned int op, uint64_t *frame)
{
	struct xen_memory_reservation r = {
		.nr_extents = 1,
		.domid = DOMID_SELF,
	};

	set_xen_guest_handle(r.extent_start, frame);
	return hypercall(__HYPERVISOR_memory_op, op, (uintptr_t)&r, 0, 0, 0);
}

int64_t view_map(unsigned int nr, uint64_t entry)
{
	return ask_mapping(VIEW_BASE + nr * PAGE_SIZE, entry);
}

/* A first domain of Xen has no more than it began with: make room. */
void memory_begin(struct diff *d)
{
	for (unsigned int i = 0; i < DIFF_GIVEN; i++) {
		pfn_t frame = frame_new(d->k);
		uint64_t f = frame_mfn(d->k, frame).v;

		if (ask_mapping((uintptr_t)frame_ptr(d->k, frame), 0) != 0 ||
		    reservation(XENMEM_decrease_reservation, &f) != 1) {
			die("a frame cannot be given back");
		}
	}
	for (unsigned int i = 0; i < DIFF_GIVEN; i++) {
		d->frame[FRAME_GIVEN + i] = mfn(INVALID_FRAME);
	}
	d->nr_given = 0;
}

/* Nothing but the view refers to what was given, if all counts are right. */
void memory_end(struct diff *d)
{
	for (unsigned int i = 0; i < d->nr_given; i++) {
		record_result(d, view_map(VIEW_GIVEN + i, 0));
		d->frame[FRAME_GIVEN + i] = mfn(INVALID_FRAME);
	}
	d->nr_given = 0;
}

/* The number nr gets another frame, and the old one a name of its own. */
static void replace(struct diff *d, unsigned int nr)
{
	uint64_t f = d->pfn[nr].v;
	int64_t result;

	d->frame[FRAME_GIVEN + d->nr_given++] = d->frame[nr];
	result = reservation(XENMEM_populate_physmap, &f);
	record_result(d, result);
	if (result != 1) {
		die("a frame that was given back cannot be replaced");
	}
	d->frame[nr] = mfn(f);
	record_result(d, ask_extended(MMUEXT_CLEAR_PAGE, f));
	record_result(d, view_map(nr, pte_make(mfn(f), PTE_P | PTE_A).v));
}

void op_give(struct diff *d)
{
	unsigned int nr = (unsigned int)pick(d, FRAME_DEVICE);
	bool replaced = nr < DIFF_POOL && d->nr_given < DIFF_GIVEN;
	uint64_t f = d->frame[nr].v;

	/* The kernel lives on these. */
	if (nr == FRAME_ROOT || nr == FRAME_TABLE || nr == FRAME_SHARED ||
	    (nr < DIFF_POOL && !replaced)) {
		return;
	}
	record_op(d, "give");
	record_frame(d, mfn(f));
	if (replaced) {
		record_result(d, view_map(VIEW_GIVEN + d->nr_given,
					  pte_make(mfn(f), PTE_P | PTE_A).v));
	}
	record_result(d, reservation(XENMEM_decrease_reservation, &f));
	if (replaced) {
		replace(d, nr);
	}
}

/* Refused: no frame of the pool is held by the reservation alone. */
void op_exchange(struct diff *d)
{
	uint64_t in = pick_target(d).v;
	uint64_t out = d->pfn[0].v;
	struct xen_memory_exchange e = {
		.in = {.nr_extents = 1, .domid = DOMID_SELF},
		.out = {.nr_extents = 1, .domid = DOMID_SELF},
	};

	set_xen_guest_handle(e.in.extent_start, &in);
	set_xen_guest_handle(e.out.extent_start, &out);
	record_op(d, "exchange");
	record_frame(d, mfn(in));
	record_result(d, hypercall(__HYPERVISOR_memory_op, XENMEM_exchange,
				   (uintptr_t)&e, 0, 0, 0));
	record(d, "done", e.nr_exchanged);
}
