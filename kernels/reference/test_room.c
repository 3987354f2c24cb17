/* SPDX-License-Identifier: MIT */
/*
 * RAM of the memory map from nr_pages on: frames come there, as many as the
 * hypervisor gives, and go. A guest whose map ends with its frames has no room,
 * and is given none.
 */
#include "kernels/reference/selftest.h"

static uint64_t has(void)
{
	domid_t self = DOMID_SELF;

	return (uint64_t)hypercall(__HYPERVISOR_memory_op,
				   XENMEM_current_reservation, (uintptr_t)&self,
				   0, 0, 0);
}

static uint64_t may_have(void)
{
	domid_t self = DOMID_SELF;

	return (uint64_t)hypercall(__HYPERVISOR_memory_op,
				   XENMEM_maximum_reservation, (uintptr_t)&self,
				   0, 0, 0);
}

/* The next frame of room with nothing behind it, at or after one. */
static pfn_t next(struct guest *g, pfn_t at)
{
	at = guest_e820_next_ram(&g->e820, at);
	while (at.v < g->room_end.v &&
	       guest_p2m_get(g, at).v != INVALID_FRAME) {
		at = guest_e820_next_ram(&g->e820, pfn_add(at, 1));
	}
	return at.v < g->room_end.v ? at : PFN_INVALID;
}

/* From the first place on, to the last: how many came. */
static uint64_t up(struct kernel *k, bool *ret_sound)
{
	struct guest *g = &k->guest;
	pfn_t at = next(g, pfn(g->boot.nr_pages));
	uint64_t nr = 0;

	*ret_sound = true;
	for (; at.v != INVALID_FRAME; at = next(g, at)) {
		if (guest_take_frame(g, at) != 0) {
			break;
		}
		*ret_sound = *ret_sound && frame_sound(k, at) &&
			     probe_write((uintptr_t)frame_ptr(k, at), at.v,
					 NULL, NULL) == -1;
		nr++;
	}
	return nr;
}

/* Those of them that hold what was written, and go. */
static uint64_t down(struct kernel *k, uint64_t most)
{
	struct guest *g = &k->guest;
	uint64_t nr = 0;

	for (uint64_t i = g->boot.nr_pages; i < g->room_end.v && nr < most;
	     i++) {
		pfn_t at = pfn(i);

		if (guest_p2m_get(g, at).v != INVALID_FRAME &&
		    guest_memblock_is_reserved(&g->memblock, at) &&
		    frame_ptr(k, at)[0] == at.v &&
		    guest_give_frame(g, at) == 0) {
			nr++;
		}
	}
	return nr;
}

void test_room(struct kernel *k)
{
	struct guest *g = &k->guest;
	uint64_t before = has();
	uint64_t nr;
	uint64_t again;
	bool sound;

	check_value(k, guest_take_frame(g, g->room_end), -XEN_EINVAL,
		    "room: no frame comes where the map has no RAM");
	if (next(g, pfn(g->boot.nr_pages)).v == INVALID_FRAME) {
		return;
	}
	nr = up(k, &sound);
	say("# room: %lu frames came, %lu of %lu are there", nr, has(),
	    may_have());
	check(k, nr > 0 && sound && has() == before + nr,
	      "room: frames come where there were none");
	check(k,
	      has() == may_have() ||
		      next(g, pfn(g->boot.nr_pages)).v == INVALID_FRAME,
	      "room: as many as there may be, or places for them");
	check(k, down(k, nr) == nr && has() == before,
	      "room: they hold what was written, and go");
	again = up(k, &sound);
	check(k, again == nr && sound, "room: and come again");
	check(k, down(k, nr / 2) == nr / 2 && has() == before + nr - nr / 2,
	      "room: and half of them go");
}
