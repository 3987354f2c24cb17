/* SPDX-License-Identifier: MIT */
/*
 * A guest whose memory map is not [0, nr_pages): more RAM than it has frames,
 * and frames where there is no RAM. It takes frames and gives them back, and
 * what lies in the holes is moved; P2M, direct map, M2P and the engine's own
 * records say the same all the time, and no frame is lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pagewarden/port.h"
#include "sim/machine.h"
#include "sim/sim.h"
#include "tests/unit/support/rig.h"

#define LINEAR UINT64_C(0xffffb00000000000)
#define PAGES(n) ((uint64_t)(n) << PAGE_SHIFT)
#define FOUR_GIB UINT64_C(0x100000)
#define HOLE UINT64_C(2048)
#define HOLE_NR 600

static const enum guest_p2m_kind forms[] = {GUEST_P2M_TREE, GUEST_P2M_LINEAR};

/* Some MiB beyond memory, and RAM above 4 GiB with nothing before it. */
static const struct guest_e820_map more = {
	2,
	{{0, PAGES(RIG_PAGES + 1000), GUEST_E820_RAM},
	 {PAGES(FOUR_GIB), PAGES(1000), GUEST_E820_RAM}}};
static const struct guest_e820_map hole = {
	3,
	{{0, PAGES(HOLE), GUEST_E820_RAM},
	 {PAGES(HOLE + HOLE_NR), PAGES(RIG_PAGES - HOLE - HOLE_NR),
	  GUEST_E820_RAM},
	 {PAGES(FOUR_GIB), PAGES(1000), GUEST_E820_RAM}}};
static const struct guest_e820_map no_room = {1,
					      {{0, PAGES(RIG_PAGES - HOLE_NR),
						GUEST_E820_RAM}}};
/* In two pieces, neither as large as what goes there. */
static const struct guest_e820_map little_room = {
	4,
	{{0, PAGES(HOLE), GUEST_E820_RAM},
	 {PAGES(HOLE + HOLE_NR), PAGES(RIG_PAGES - HOLE - HOLE_NR + 7),
	  GUEST_E820_RAM},
	 {PAGES(RIG_PAGES + 10), PAGES(100), 2},
	 {PAGES(FOUR_GIB - 1), PAGES(20), GUEST_E820_RAM}}};

static void in_both_forms(const struct guest_e820_map *map, rig_body *body)
{
	for (unsigned int i = 0; i < 2; i++) {
		const struct rig_options o = {
			.world = RIG_XEN,
			.keep = TLB_KEEP_ALL,
			.stage = RIG_RUN_TIME,
			.map = map,
			.no_check = true,
			.argument = &forms[i],
		};

		rig_run(&o, body);
	}
}

/* All steps before the last. */
static void begin(struct rig *r)
{
	const enum guest_p2m_kind *kind = r->argument;

	assert_int_equal(guest_p2m_build(r->g, *kind, vaddr(LINEAR)), 0);
	assert_int_equal(guest_drop_p2m(r->g), 0);
	assert_int_equal(guest_drop_surplus(r->g), 0);
}

static void sound(struct rig *r, pfn_t frame)
{
	mfn_t behind = rig_behind(r, frame);
	uint64_t e = rig_direct(r, frame);

	assert_false(mfn_eq(behind, MFN_INVALID));
	assert_int_equal(guest_p2m_get(r->g, frame).v, behind.v);
	assert_int_equal(pte_mfn(pte(e)).v, behind.v);
	assert_true((e & PTE_RW) != 0 && (e & PTE_NX) != 0);
	assert_int_equal(guest_p2m_find(r->g, behind).v, frame.v);
	guest_port_store64(r->g, guest_direct_va(r->g, frame), frame.v);
	assert_int_equal(guest_port_load64(r->g, guest_direct_va(r->g, frame)),
			 frame.v);
}

static void nothing(struct rig *r, pfn_t frame)
{
	assert_int_equal(guest_p2m_get(r->g, frame).v, INVALID_FRAME);
	assert_int_equal(rig_direct(r, frame), 0);
}

/* Where the n-th frame is taken: by turns below and above 4 GiB. */
static pfn_t nth(unsigned int n)
{
	return n % 2 == 0 ? pfn(RIG_PAGES + n * 15)
			  : pfn(FOUR_GIB + 999 - n * 15);
}

static void up_and_down(struct rig *r)
{
	uint64_t before;
	uint64_t had;

	begin(r);
	had = r->s->dom.nr_pages;
	/* What it is given must not be what it needs for tables. */
	before = rig_nr_free(r);
	for (unsigned int n = 0; n < SIM_SPARE_FRAMES; n++) {
		nothing(r, nth(n));
		assert_int_equal(guest_take_frame(r->g, nth(n)), 0);
		sound(r, nth(n));
	}
	assert_int_equal(r->s->dom.nr_pages, had + SIM_SPARE_FRAMES);
	/* Tables and leaves, and nothing else. */
	assert_true(rig_nr_free(r) >= before - 16);
	assert_true(rig_p2m_true(r));
	for (unsigned int n = 0; n < SIM_SPARE_FRAMES; n++) {
		assert_int_equal(guest_give_frame(r->g, nth(n)), 0);
		nothing(r, nth(n));
	}
	assert_int_equal(r->s->dom.nr_pages, had);
	for (unsigned int n = 0; n < SIM_SPARE_FRAMES; n++) {
		assert_int_equal(guest_take_frame(r->g, nth(n)), 0);
		sound(r, nth(n));
	}
	assert_true(rig_p2m_true(r));
}

static void frames_come_and_go_where_there_were_none(void **state)
{
	(void)state;
	in_both_forms(&more, up_and_down);
}

static void become_free(struct rig *r)
{
	pfn_t first = pfn(RIG_PAGES);
	pfn_t got = PFN_INVALID;
	uint64_t before;

	begin(r);
	for (unsigned int n = 0; n < 10; n++) {
		assert_int_equal(guest_take_frame(r->g, pfn_add(first, n)), 0);
	}
	before = rig_nr_free(r);
	assert_int_equal(guest_free_frames(r->g, first, 10), 0);
	assert_int_equal(rig_nr_free(r), before + 10);
	/* All of them, before others; and as tables. */
	assert_int_equal(guest_alloc_frames(r->g, 10, &got), 0);
	assert_int_equal(got.v, first.v);
	assert_int_equal(guest_free_frames(r->g, first, 10), 0);
	assert_int_equal(guest_map(r->g, &r->g->kernel, r->free_va,
				   rig_frame(r), RIG_RW),
			 0);
	assert_int_equal(guest_flush(r->g), 0);
	assert_true(rig_is_table(r, pfn_add(first, 8)));
	/* Others when there are no more. */
	assert_int_equal(guest_alloc_frames(r->g, 11, &got), 0);
	assert_true(got.v < RIG_PAGES);
}

static void what_came_can_be_used_for_anything(void **state)
{
	(void)state;
	in_both_forms(&more, become_free);
}

static void refused(struct rig *r, pfn_t frame, int error, const char *says)
{
	struct rig_snapshot before = rig_snapshot(r);

	r->g->message[0] = '\0';
	assert_int_equal(guest_take_frame(r->g, frame), error);
	assert_string_equal(r->g->message, says);
	assert_true(rig_same(r, &before));
	assert_false(guest_memblock_is_memory(&r->g->memblock, frame));
	assert_false(guest_memblock_is_reserved(&r->g->memblock, frame));
	rig_forget(&before);
}

static void not_taken(struct rig *r)
{
	pfn_t last = pfn(RIG_PAGES + 999);

	begin(r);
	refused(r, pfn_add(last, 1), -XEN_EINVAL,
		"the memory map has no RAM at pfn 13e8");
	refused(r, pfn(FOUR_GIB - 1), -XEN_EINVAL,
		"the memory map has no RAM at pfn fffff");
	refused(r, pfn(FOUR_GIB + 1000), -XEN_EINVAL,
		"pfn 1003e8 has a frame behind it, or no place in the P2M");
	/* Tables and a leaf are made for the first, and stay. */
	assert_int_equal(guest_take_frame(r->g, last), 0);
	r->s->dom.max_pages = r->s->dom.nr_pages;
	refused(r, pfn(RIG_PAGES + 998), -XEN_ENOMEM,
		"the hypervisor has no frame for pfn 13e6");
	r->s->dom.max_pages++;
	assert_int_equal(guest_take_frame(r->g, pfn(RIG_PAGES + 998)), 0);
	/* Without a frame for a table. */
	rig_leave_free(r, 0);
	assert_int_equal(guest_take_frame(r->g, pfn(FOUR_GIB)), -XEN_ENOMEM);
	rig_all_free(r);
	nothing(r, pfn(FOUR_GIB));
	assert_true(rig_p2m_true(r));
}

static void where_no_ram_is_none_is_taken(void **state)
{
	(void)state;
	in_both_forms(&more, not_taken);
}

/* The domain's frames are those that the P2M has for RAM, each once. */
static void all_are_ram(struct rig *r, uint64_t nr)
{
	uint64_t found = 0;

	for (uint64_t i = 0; i < r->g->p2m.nr; i++) {
		if (mfn_eq(guest_p2m_get(r->g, pfn(i)), MFN_INVALID)) {
			continue;
		}
		assert_true(guest_memblock_is_memory(&r->g->memblock, pfn(i)));
		found++;
	}
	assert_int_equal(found, nr);
	assert_int_equal(guest_memblock_nr_memory(&r->g->memblock), nr);
	assert_int_equal(r->s->dom.nr_pages, nr);
	assert_true(rig_p2m_true(r));
}

/* What was moved first may map the rest by now, or be its P2M: few of it. */
static void free_or_table(struct rig *r, pfn_t frame, unsigned int *few)
{
	if (guest_memblock_is_reserved(&r->g->memblock, frame)) {
		assert_true((*few)-- > 0);
		return;
	}
	sound(r, frame);
}

static void moved(struct rig *r)
{
	unsigned int few = 8;
	uint64_t nr = 1;

	begin(r);
	assert_int_equal(guest_memblock_nr_memory(&r->g->memblock),
			 RIG_PAGES - HOLE_NR);
	assert_int_equal(guest_move_holes(r->g, &nr), 0);
	assert_int_equal(nr, HOLE_NR);
	all_are_ram(r, RIG_PAGES);
	for (unsigned int i = 0; i < HOLE_NR; i++) {
		nothing(r, pfn(HOLE + i));
		free_or_table(r, pfn(FOUR_GIB + i), &few);
	}
	/* There is nothing left to do, and nothing to take. */
	assert_int_equal(guest_move_holes(r->g, &nr), 0);
	assert_int_equal(nr, 0);
	assert_int_equal(guest_take_frame(r->g, pfn(HOLE)), -XEN_ENOENT);
	assert_int_equal(guest_take_frame(r->g, pfn(FOUR_GIB + HOLE_NR)), 0);
	sound(r, pfn(FOUR_GIB + HOLE_NR));
}

static void what_is_in_a_hole_goes_where_ram_is(void **state)
{
	(void)state;
	in_both_forms(&hole, moved);
}

static void given(struct rig *r)
{
	uint64_t nr = 1;

	begin(r);
	assert_int_equal(guest_move_holes(r->g, &nr), 0);
	assert_int_equal(nr, 0);
	all_are_ram(r, RIG_PAGES - HOLE_NR);
	for (unsigned int i = 0; i < HOLE_NR; i++) {
		nothing(r, pfn(RIG_PAGES - HOLE_NR + i));
	}
}

static void or_back_to_the_hypervisor(void **state)
{
	(void)state;
	in_both_forms(&no_room, given);
}

static void in_part(struct rig *r)
{
	unsigned int few = 8;
	uint64_t nr = 1;

	begin(r);
	/* A place that is taken already is passed over. */
	assert_int_equal(guest_take_frame(r->g, pfn(RIG_PAGES + 3)), 0);
	assert_int_equal(guest_move_holes(r->g, &nr), 0);
	assert_int_equal(nr, 7 - 1 + 20);
	all_are_ram(r, RIG_PAGES - HOLE_NR + 27);
	for (unsigned int i = 0; i < 7; i++) {
		free_or_table(r, pfn(RIG_PAGES + i), &few);
	}
	for (unsigned int i = 0; i < 20; i++) {
		free_or_table(r, pfn(FOUR_GIB - 1 + i), &few);
	}
}

static void as_much_as_there_is_room_for(void **state)
{
	(void)state;
	in_both_forms(&little_room, in_part);
}

static void too_early(struct rig *r)
{
	struct rig_snapshot before = rig_snapshot(r);

	assert_int_equal(guest_move_holes(r->g, NULL), -XEN_EBUSY);
	assert_true(rig_same(r, &before));
	rig_forget(&before);
}

static void not_while_the_builders_list_is_in_use(void **state)
{
	(void)state;
	in_both_forms(&hole, too_early);
}

/* The builder's list has no entries for what came. */
static void no_way_back(struct rig *r)
{
	const enum guest_p2m_kind *kind = r->argument;
	pfn_t came = pfn(RIG_PAGES + 5);

	assert_int_equal(guest_p2m_build(r->g, *kind, vaddr(LINEAR)), 0);
	assert_int_equal(guest_take_frame(r->g, came), 0);
	assert_int_equal(guest_p2m_teardown(r->g), -XEN_EBUSY);
	sound(r, came);
	/* But to another of our own. */
	assert_int_equal(guest_p2m_build(r->g, GUEST_P2M_TREE, vaddr(0)), 0);
	sound(r, came);
	assert_int_equal(guest_give_frame(r->g, came), 0);
	assert_int_equal(guest_p2m_teardown(r->g), 0);
	assert_int_equal(r->g->p2m.nr, RIG_PAGES);
	assert_true(rig_p2m_true(r));
}

static void the_builders_list_holds_no_more_than_it_did(void **state)
{
	(void)state;
	in_both_forms(&more, no_way_back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_come_and_go_where_there_were_none),
		cmocka_unit_test(what_came_can_be_used_for_anything),
		cmocka_unit_test(where_no_ram_is_none_is_taken),
		cmocka_unit_test(what_is_in_a_hole_goes_where_ram_is),
		cmocka_unit_test(or_back_to_the_hypervisor),
		cmocka_unit_test(as_much_as_there_is_room_for),
		cmocka_unit_test(not_while_the_builders_list_is_in_use),
		cmocka_unit_test(the_builders_list_holds_no_more_than_it_did),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
