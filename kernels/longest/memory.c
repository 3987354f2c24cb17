/* SPDX-License-Identifier: MIT */
/* Extents of 2 MiB: given back, taken, exchanged, and none there at last. */
#include "kernels/longest/longest.h"

#define ORDER 9
#define PAGES 512u

static uint64_t in[PAGES], out[PAGES];

static int64_t reserve(unsigned int cmd, uint64_t *extents, uint64_t nr,
		       unsigned int order)
{
	struct xen_memory_reservation r = {.nr_extents = nr,
					   .extent_order = order,
					   .domid = DOMID_SELF};

	set_xen_guest_handle(r.extent_start, extents);
	return hypercall(__HYPERVISOR_memory_op, cmd, (uintptr_t)&r, 0, 0, 0);
}

/* Of as many pages as one extent has; at pfn where. */
static int64_t exchange(uint64_t nr_in, unsigned int in_order, uint64_t nr_out,
			unsigned int out_order)
{
	struct xen_memory_exchange e = {
		.in = {.nr_extents = nr_in,
		       .extent_order = in_order,
		       .domid = DOMID_SELF},
		.out = {.nr_extents = nr_out,
			.extent_order = out_order,
			.domid = DOMID_SELF},
	};

	set_xen_guest_handle(e.in.extent_start, in);
	set_xen_guest_handle(e.out.extent_start, out);
	return hypercall(__HYPERVISOR_memory_op, XENMEM_exchange, (uintptr_t)&e,
			 0, 0, 0);
}

static uint64_t first_free_pfn(const struct longest *l)
{
	/* Behind all that the builder made, on a round number. */
	return ((l->start->nr_pages / 2) | (PAGES - 1)) + 1;
}

static void exchanges(const struct longest *l)
{
	uint64_t at = first_free_pfn(l);

	for (unsigned int i = 0; i < PAGES; i++) {
		in[i] = l->p2m[at + i];
		out[i] = at + i;
	}
	must("512 pages for 2 MiB", exchange(PAGES, 0, 1, ORDER), 0);
	in[0] = out[0];
	for (unsigned int i = 0; i < PAGES; i++) {
		out[i] = at + i;
	}
	must("2 MiB for 512 pages", exchange(1, ORDER, PAGES, 0), 0);
}

/* All but one page of each 2 MiB goes, so that no such run is left. */
static void scatter(const struct longest *l)
{
	uint64_t nr = l->start->nr_pages;
	uint64_t n = 0;

	for (uint64_t p = first_free_pfn(l) + PAGES; p < nr; p++) {
		if (l->p2m[p] % PAGES != PAGES - 1) {
			in[n++] = l->p2m[p];
		}
		if (n == PAGES || (p == nr - 1 && n != 0)) {
			if (reserve(XENMEM_decrease_reservation, in, n, 0) !=
			    (int64_t)n) {
				die("a page cannot be given back");
			}
			n = 0;
		}
	}
}

void long_memory(const struct longest *l)
{
	uint64_t extent;

	exchanges(l);
	scatter(l);
	do {
		extent = 0;
	} while (reserve(XENMEM_increase_reservation, &extent, 1, ORDER) == 1);
	must("2 MiB that there are not",
	     reserve(XENMEM_increase_reservation, &extent, 1, ORDER), 0);
	must("1 MiB", reserve(XENMEM_increase_reservation, &extent, 1, 8), 1);
	must("a page", reserve(XENMEM_populate_physmap, &extent, 1, 0), 1);
	must("many pages", reserve(XENMEM_increase_reservation, out, 64, 0),
	     64);
}
