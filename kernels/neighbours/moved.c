/* SPDX-License-Identifier: MIT */
/*
 * Frames that go from one domain to the other by way of the pool. They bring
 * nothing along of what stood in them, and leave nothing behind by which who
 * had them could still reach them.
 */
#include "kernels/neighbours/neighbours.h"

#define FRAMES 64 /* that the second gives */
#define ROOM 512  /* that the first makes, for as many of the pool's */
#define SECRET UINT64_C(0x5ec3e75ec3e75ec3)
#define THE_LIST 30 /* a grant of the list of frames */

static uint64_t given[512] __attribute__((aligned(4096)));
static uint64_t list[512] __attribute__((aligned(4096)));
static uint64_t taken[ROOM];
static volatile uint64_t window[512] __attribute__((aligned(4096)));

int64_t leave_page(const volatile void *page)
{
	return hypercall(__HYPERVISOR_update_va_mapping, (uintptr_t)page, 0, 0,
			 0, 0);
}

static void look(uint64_t frame)
{
	map_page((const void *)window, frame << PAGE_SHIFT | MAP_RW);
}

/* The last of the domain's, which nothing maps. */
static void choose(const struct neighbour *n, uint64_t *frames, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		frames[i] = n->pv.p2m[n->pv.start->nr_pages - 1 - i];
	}
}

static void give(const struct neighbour *n)
{
	choose(n, given, FRAMES);
	for (unsigned int i = 0; i < FRAMES; i++) {
		look(given[i]);
		for (unsigned int k = 0; k < 512; k++) {
			window[k] = SECRET;
		}
	}
	memcpy(list, given, sizeof(list));
	grant(n, THE_LIST, GTF_permit_access | GTF_readonly,
	      mfn_at(&n->pv, list));
	expect("leaving a frame without a flush", leave_page(window), 0);
	expect("giving frames away",
	       reservation_op(XENMEM_decrease_reservation, given, FRAMES),
	       FRAMES);
	expect("the one that was mapped is not reached",
	       probe_read((uintptr_t)window, NULL, NULL), 14);
}

static void fetch_list(const struct neighbour *n)
{
	gnttab_copy_t op = {
		.source = {.u.ref = THE_LIST, .domid = n->peer},
		.dest = {.u.gmfn = mfn_at(&n->pv, list), .domid = DOMID_SELF},
		.len = PAGE_SIZE,
		.flags = GNTCOPY_source_gref,
	};

	grant_op(GNTTABOP_copy, &op);
	expect("the list of them", op.status, GNTST_okay);
}

static bool is_listed(uint64_t frame)
{
	for (unsigned int i = 0; i < FRAMES; i++) {
		if (list[i] == frame) {
			return true;
		}
	}
	return false;
}

/* Takes frames and reads them; how many are of those listed. */
static unsigned int take(unsigned int *ret_dirty)
{
	const int64_t nr =
		reservation_op(XENMEM_increase_reservation, taken, ROOM);
	unsigned int moved = 0;

	*ret_dirty = 0;
	for (int64_t i = 0; i < nr; i++) {
		uint64_t all = 0;

		look(taken[i]);
		for (unsigned int k = 0; k < 512; k++) {
			all |= window[k];
		}
		window[0] = 77;
		*ret_dirty += all != 0;
		moved += is_listed(taken[i]);
	}
	leave_page(window);
	reservation_op(XENMEM_decrease_reservation, taken, (unsigned int)nr);
	return moved;
}

void check_moved(struct neighbour *n)
{
	unsigned int moved;
	unsigned int dirty;

	if (n->first) {
		choose(n, taken, ROOM);
		expect("room for frames",
		       reservation_op(XENMEM_decrease_reservation, taken, ROOM),
		       ROOM);
	}
	step(n);
	if (!n->first) {
		give(n);
	}
	step(n);
	if (n->first) {
		fetch_list(n);
		moved = take(&dirty);
		expect_true("the other's frames come", moved != 0);
		expect("with nothing in them", dirty, 0);
	}
	step(n);
	if (!n->first) {
		expect("and are not reached by what they were",
		       probe_read((uintptr_t)window, NULL, NULL), 14);
	}
	step(n);
}
