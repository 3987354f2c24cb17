/* SPDX-License-Identifier: MIT */
/*
 * Frames in holes. A domain is built with a machine frame behind each own frame
 * from 0 to nr_pages, whatever its memory map says of them: a host's holes
 * (xl's e820_host), or a reserved stretch. There they are lost to a kernel that
 * believes its map. They go behind RAM from nr_pages on, a stretch at a time:
 * P2M and M2P first, for the direct map is made from the P2M, and memory last,
 * so that no table is put into what is not mapped yet.
 *
 * Nothing shows a frame in a hole, so none needs to be unmapped: the direct map
 * has RAM only, the initial mapping is gone but for the image.
 */
#include "guest/start/start.h"

#define FLAGS (PTE_P | PTE_RW | PTE_A | PTE_D)
/* At a time: as many as there is room for in g->scratch. */
#define MOST 512

_Static_assert(MOST <= GUEST_GEOMETRY_MAX_ENTRIES, "one step's frames");

/* Has it a frame that nobody uses? The builder has placed nothing there. */
static bool is_idle(struct guest *g, pfn_t at)
{
	return !guest_in_initial_mapping(g, at) &&
	       !mfn_eq(guest_p2m_get(g, at), MFN_INVALID);
}

/* The next such ones at or after *at: [*at, the result), at most MOST. */
static pfn_t stretch(struct guest *g, pfn_t *at, pfn_t end)
{
	pfn_t next;

	while (at->v < end.v && !is_idle(g, *at)) {
		*at = pfn_add(*at, 1);
	}
	for (next = *at;
	     next.v < end.v && next.v - at->v < MOST && is_idle(g, next);) {
		next = pfn_add(next, 1);
	}
	return next;
}

/* RAM without a frame, from *at on: how many, at most nr. 0: no more. */
static uint64_t room(struct guest *g, pfn_t *at, uint64_t nr)
{
	uint64_t n = 0;

	*at = guest_e820_next_ram(&g->e820, *at);
	while (at->v < g->p2m.nr &&
	       !mfn_eq(guest_p2m_get(g, *at), MFN_INVALID)) {
		*at = guest_e820_next_ram(&g->e820, pfn_add(*at, 1));
	}
	while (n < nr && at->v + n < g->p2m.nr &&
	       pfn_eq(guest_e820_next_ram(&g->e820, pfn_add(*at, n)),
		      pfn_add(*at, n)) &&
	       mfn_eq(guest_p2m_get(g, pfn_add(*at, n)), MFN_INVALID)) {
		n++;
	}
	return n;
}

/* Nothing is behind them any more. */
static int forget(struct guest *g, pfn_t from, uint64_t nr)
{
	int error = 0;

	for (uint64_t i = 0; error == 0 && i < nr; i++) {
		error = guest_p2m_set(g, pfn_add(from, i), MFN_INVALID);
	}
	return error;
}

static int move(struct guest *g, pfn_t from, pfn_t to, uint64_t nr)
{
	int error;

	for (uint64_t i = 0; i < nr; i++) {
		guest_window_forget(g, pfn_add(from, i));
		guest_batch_m2p(g, pfn_add(to, i),
				guest_p2m_get(g, pfn_add(from, i)));
	}
	error = guest_batch_flush(g, NULL);
	if (error == 0) {
		error = forget(g, from, nr);
	}
	if (error == 0) {
		error = guest_map_pages(g, guest_direct_va(g, to), to, nr,
					FLAGS);
	}
	return error == 0
		       ? guest_memblock_add(&g->memblock, to, pfn_add(to, nr))
		       : error;
}

static int give(struct guest *g, pfn_t from, uint64_t nr)
{
	struct xen_memory_reservation r = {
		.nr_extents = (xen_ulong_t)nr,
		.domid = DOMID_SELF,
	};
	xen_pfn_t *frames = (xen_pfn_t *)g->scratch;
	int64_t done;

	for (uint64_t i = 0; i < nr; i++) {
		guest_window_forget(g, pfn_add(from, i));
		frames[i] = (xen_pfn_t)guest_p2m_get(g, pfn_add(from, i)).v;
	}
	guest_set_handle(&r.extent_start, frames);
	done = guest_hypercall(g, __HYPERVISOR_memory_op,
			       XENMEM_decrease_reservation, (uintptr_t)&r, 0,
			       0);
	if (done != (int64_t)nr) {
		return guest_fail(g, XEN_EINVAL,
				  "the hypervisor does not take back what is "
				  "behind pfn %lx",
				  from.v);
	}
	return forget(g, from, nr);
}

/* Of a hole, [at, end). */
static int empty(struct guest *g, pfn_t at, pfn_t end, pfn_t *to,
		 uint64_t *moved)
{
	int error = 0;

	while (error == 0) {
		pfn_t next = stretch(g, &at, end);
		uint64_t nr;

		if (at.v >= end.v) {
			break;
		}
		nr = room(g, to, next.v - at.v);
		if (nr == 0) {
			error = give(g, at, next.v - at.v);
			at = next;
			continue;
		}
		error = move(g, at, *to, nr);
		*moved += nr;
		to->v += nr;
		at = pfn_add(at, nr);
	}
	return error;
}

int guest_move_holes(struct guest *g, uint64_t *ret_moved)
{
	uint64_t covered =
		g->p2m.nr < g->boot.nr_pages ? g->p2m.nr : g->boot.nr_pages;
	pfn_t to = pfn(g->boot.nr_pages);
	pfn_t cursor = pfn(0);
	pfn_t hole = pfn(0);
	struct guest_region r;
	uint64_t moved = 0;
	int error = 0;

	if (g->p2m.kind == GUEST_P2M_LIST) {
		return guest_fail(g, XEN_EBUSY,
				  "the builder's P2M is still in use");
	}
	while (g->ops->hypervisor && error == 0 && hole.v < covered) {
		if (!guest_memblock_next_memory(&g->memblock, &cursor, &r) ||
		    r.start.v > covered) {
			r = (struct guest_region){pfn(covered), pfn(covered)};
		}
		error = empty(g, hole, r.start, &to, &moved);
		hole = r.end;
	}
	if (ret_moved != NULL) {
		*ret_moved = moved;
	}
	return error;
}
