/* SPDX-License-Identifier: MIT */
/* What is behind a frame: exchanged, given to the hypervisor, asked for. */
#include "kernels/reference/selftest.h"

static void swapped(struct kernel *k)
{
	struct guest *g = &k->guest;
	pfn_t a = frame_new(k);
	pfn_t b = frame_new(k);
	mfn_t of_a = frame_mfn(k, a);
	mfn_t of_b = frame_mfn(k, b);

	frame_ptr(k, a)[0] = 0xa;
	frame_ptr(k, b)[0] = 0xb;
	check_value(k, guest_swap_frames(g, a, b), 0,
		    "exchange: two frames are exchanged");
	check(k, frame_mfn(k, a).v == of_b.v && frame_mfn(k, b).v == of_a.v,
	      "exchange: in the P2M");
	check(k, m2p(of_a) == b.v && m2p(of_b) == a.v, "exchange: in the M2P");
	check(k, frame_sound(k, a) && frame_sound(k, b),
	      "exchange: in the direct map");
	check(k,
	      ((volatile uint64_t *)frame_ptr(k, a))[0] == 0xb &&
		      ((volatile uint64_t *)frame_ptr(k, b))[0] == 0xa,
	      "exchange: and with them their contents");
	check(k,
	      try_writable(k, a) == 0 && try_writable(k, b) == 0 &&
		      probe_write((uintptr_t)frame_ptr(k, a), 1, NULL, NULL) ==
			      -1,
	      "exchange: they are ordinary memory");
	check(k,
	      guest_swap_frames(g, a, b) == 0 && m2p(of_a) == a.v &&
		      frame_sound(k, a) && frame_sound(k, b),
	      "exchange: and back");
	check(k,
	      guest_swap_frames(g, a, a) == 0 && m2p(of_a) == a.v &&
		      frame_sound(k, a),
	      "exchange: with itself, a frame is what it was");
	frame_free(k, b);
	frame_free(k, a);
}

static void not_swapped(struct kernel *k)
{
	struct guest *g = &k->guest;
	pfn_t a = frame_new(k);
	pfn_t b = frame_new(k);
	mfn_t of_a = frame_mfn(k, a);
	pfn_t image = pfn(((uintptr_t)&test_exchange - g->config.virt_base.v) >>
			  PAGE_SHIFT);

	check_value(k, guest_swap_frames(g, a, pfn(g->room_end.v)), -XEN_EINVAL,
		    "exchange: not with a frame beyond memory");
	check_value(k, guest_swap_frames(g, image, a), -XEN_EINVAL,
		    "exchange: not with one of the kernel's image");
	guest_batch_extended(g, MMUEXT_UNPIN_TABLE, frame_mfn(k, a).v);
	check_value(k, guest_swap_frames(g, a, b), -XEN_EINVAL,
		    "exchange: not while something queued is refused");
	check(k,
	      frame_sound(k, a) && frame_sound(k, b) && frame_sound(k, image) &&
		      frame_mfn(k, a).v == of_a.v,
	      "exchange: and they are what they were");
	frame_free(k, b);
	frame_free(k, a);
}

static void given(struct kernel *k)
{
	struct guest *g = &k->guest;
	pfn_t frame = frame_new(k);
	mfn_t had = frame_mfn(k, frame);
	uint64_t va = (uintptr_t)frame_ptr(k, frame);

	check_value(k, guest_give_frame(g, frame), 0,
		    "exchange: a frame is given to the hypervisor");
	check(k,
	      frame_mfn(k, frame).v == INVALID_FRAME && m2p(had) != frame.v &&
		      guest_p2m_find(g, had).v == INVALID_FRAME,
	      "exchange: P2M and M2P have forgotten it");
	check(k,
	      walk_leaf(k, va) == 0 &&
		      probe_read(va, NULL, NULL) == VECTOR_PAGE_FAULT,
	      "exchange: nothing is mapped in its place");
	check_value(k, ask_mapping(va, pte_make(had, FLAGS_RW).v), -XEN_EBUSY,
		    "exchange: nor can it be");
	check_value(k, guest_give_frame(g, frame), -XEN_EINVAL,
		    "exchange: it is not given twice");
	check(k,
	      guest_make_readonly(g, frame) == -XEN_ENOENT &&
		      guest_map(g, &g->kernel, vaddr(TEST_BASE), frame,
				FLAGS_RW) == -XEN_EINVAL &&
		      guest_swap_frames(g, frame, pfn_add(frame, 1)) ==
			      -XEN_EINVAL,
	      "exchange: there is nothing to map or exchange");
	check_value(k, guest_take_frame(g, frame), 0,
		    "exchange: one is asked for in its place");
	check(k,
	      frame_sound(k, frame) && try_writable(k, frame) == 0 &&
		      probe_write(va, 1, NULL, NULL) == -1,
	      "exchange: P2M, M2P and direct map have it");
	check_value(k, guest_take_frame(g, frame), -XEN_EINVAL,
		    "exchange: none is asked for where there is one");
	check_value(k, guest_take_frame(g, pfn(g->p2m.nr)), -XEN_EINVAL,
		    "exchange: nor beyond memory");
	frame_free(k, frame);
}

/* A frame that is given while it is mapped elsewhere lives until then. */
static void given_mapped(struct kernel *k)
{
	struct guest *g = &k->guest;
	pfn_t frame = frame_new(k);
	mfn_t had = frame_mfn(k, frame);

	frame_ptr(k, frame)[0] = 0x11fe;
	check(k,
	      guest_map(g, &g->kernel, vaddr(TEST_BASE), frame, FLAGS_RW) ==
			      0 &&
		      guest_flush(g) == 0 && guest_give_frame(g, frame) == 0,
	      "exchange: a frame is given that is mapped elsewhere");
	check(k,
	      *(volatile uint64_t *)TEST_BASE == 0x11fe &&
		      guest_p2m_find(g, had).v == INVALID_FRAME,
	      "exchange: there it can still be read");
	check(k,
	      guest_unmap(g, &g->kernel, vaddr(TEST_BASE)) == 0 &&
		      guest_flush(g) == 0 && m2p(had) != frame.v &&
		      ask_mapping(TEST_BASE, pte_make(had, FLAGS_RO).v) ==
			      -XEN_EBUSY,
	      "exchange: until it is unmapped there");
	check(k, guest_take_frame(g, frame) == 0 && frame_sound(k, frame),
	      "exchange: another takes its place");
	drop_tables(k, TEST_BASE);
	frame_free(k, frame);
}

/* Many frames go and come: the hypervisor's count returns to what it was. */
static void many(struct kernel *k)
{
	enum { NR = 50 };
	struct guest *g = &k->guest;
	domid_t self = DOMID_SELF;
	int64_t before;
	pfn_t run = pfn(0);
	bool ok = true;

	if (guest_alloc_frames(g, NR, &run) != 0) {
		fail(k, "frames to give");
	}
	before = hypercall(__HYPERVISOR_memory_op, XENMEM_current_reservation,
			   (uintptr_t)&self, 0, 0, 0);
	for (unsigned int i = 0; i < NR; i++) {
		ok = ok && guest_give_frame(g, pfn_add(run, i)) == 0;
	}
	check(k,
	      ok && hypercall(__HYPERVISOR_memory_op,
			      XENMEM_current_reservation, (uintptr_t)&self, 0,
			      0, 0) == before - NR,
	      "exchange: the hypervisor counts the frames given");
	for (unsigned int i = 0; i < NR; i++) {
		ok = ok && guest_take_frame(g, pfn_add(run, i)) == 0 &&
		     frame_sound(k, pfn_add(run, i));
	}
	check(k,
	      ok && hypercall(__HYPERVISOR_memory_op,
			      XENMEM_current_reservation, (uintptr_t)&self, 0,
			      0, 0) == before,
	      "exchange: and those asked for");
	must(k, guest_free_frames(g, run, NR), "frames given back");
}

void test_exchange(struct kernel *k)
{
	swapped(k);
	not_swapped(k);
	given(k);
	given_mapped(k);
	many(k);
}
