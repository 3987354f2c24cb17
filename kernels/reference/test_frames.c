/* SPDX-License-Identifier: MIT */
/* Frames from the allocator, and what it does not give. */
#include "kernels/reference/selftest.h"

#define NR 37

static void allocated(struct kernel *k)
{
	struct guest *g = &k->guest;
	uint64_t before = nr_free(k);
	pfn_t run = pfn(0);
	pfn_t again = pfn(0);
	bool sound = true;
	bool zero = true;

	check_value(k, guest_alloc_frames(g, NR, &run), 0,
		    "frames: some are allocated");
	for (unsigned int i = 0; i < NR; i++) {
		const uint64_t *p = frame_ptr(k, pfn_add(run, i));

		sound = sound && frame_sound(k, pfn_add(run, i)) &&
			guest_memblock_is_reserved(&g->memblock,
						   pfn_add(run, i));
		for (unsigned int j = 0; j < PT_ENTRIES; j++) {
			zero = zero && p[j] == 0;
		}
	}
	check(k, sound && nr_free(k) == before - NR,
	      "frames: they are contiguous, mapped, and taken");
	check(k, zero, "frames: and cleared");
	frame_ptr(k, run)[1] = 1;
	check(k,
	      guest_free_frames(g, run, NR) == 0 && nr_free(k) == before &&
		      guest_alloc_frames(g, NR, &again) == 0 &&
		      pfn_eq(again, run) && frame_ptr(k, again)[1] == 0,
	      "frames: given back, they come again, cleared");
	must(k, guest_free_frames(g, again, NR), "frames given back");
}

static void refused(struct kernel *k)
{
	struct guest *g = &k->guest;
	uint64_t before = nr_free(k);
	pfn_t run = pfn(7);

	check(k,
	      guest_alloc_frames(g, g->boot.nr_pages, &run) == -XEN_ENOMEM &&
		      run.v == 7,
	      "frames: there are not as many as the guest has");
	check_value(k, guest_alloc_frames(g, 0, &run), -XEN_EINVAL,
		    "frames: none cannot be allocated");
	check_value(k, guest_free_frames(g, pfn(7), 0), -XEN_EINVAL,
		    "frames: nor given back");
	check(k, nr_free(k) == before, "frames: and nothing has changed");
}

/* All there are, one by one, and back. */
static void exhausted(struct kernel *k)
{
	struct guest *g = &k->guest;
	uint64_t before = nr_free(k);
	pfn_t last = PFN_INVALID;
	pfn_t frame = pfn(0);
	uint64_t nr = 0;

	/* A list through the frames themselves. */
	while (guest_alloc_frames(g, 1, &frame) == 0) {
		frame_ptr(k, frame)[0] = last.v;
		last = frame;
		nr++;
	}
	check(k, nr == before && nr_free(k) == 0,
	      "frames: all free ones can be had");
	while (!pfn_eq(last, PFN_INVALID)) {
		frame = last;
		last = pfn(frame_ptr(k, frame)[0]);
		must(k, guest_free_frames(g, frame, 1), "frames given back");
	}
	check(k, nr_free(k) == before, "frames: and all come back");
}

void test_frames(struct kernel *k)
{
	allocated(k);
	refused(k);
	exhausted(k);
}
