/* SPDX-License-Identifier: MIT */
/*
 * The second step of the start of day: the memory map and what is reserved. A
 * map, a P2M or a start_info that cannot be believed is refused in one line
 * before a table is made; what is taken leaves no frame of the builder's free,
 * whatever the fields say that nothing can be held against.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sim/sim.h"
#include "tests/unit/support/start.h"

#define TOP (START_PAGES << PAGE_SHIFT)

/* Refused after so many hypercalls, the fetching of the map. */
static void refused(struct start *t, const char *says)
{
	start_run(t);
	start_check_refused(t, says, says, 1);
	start_destroy(t);
}

static void taken(struct start *t, const char *what)
{
	start_run(t);
	start_check_taken(t, what);
}

/* Every frame that the builder uses, and the module. */
static void check_reserved(const struct start *t, uint64_t nr_module)
{
	const enum layout_part parts[] = {
		LAYOUT_KERNEL,     LAYOUT_P2M,   LAYOUT_P2M_TABLES,
		LAYOUT_START_INFO, LAYOUT_STORE, LAYOUT_CONSOLE,
		LAYOUT_TABLES,     LAYOUT_STACK,
	};
	const struct guest_memblock *m = &t->g->memblock;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const struct layout_range *r = &t->s->layout.part[parts[i]];

		for (uint64_t n = 0; n < r->nr; n++) {
			assert_true(
				guest_memblock_is_reserved(m,
							   pfn_add(r->pfn, n)));
		}
	}
	for (uint64_t n = 0; n < nr_module; n++) {
		assert_true(guest_memblock_is_reserved(
			m, pfn(START_MODULE_FRAME + n)));
	}
	assert_false(
		guest_memblock_is_reserved(m, pfn(START_MODULE_FRAME - 1)));
	assert_false(guest_memblock_is_reserved(m, pfn(START_MODULE_FRAME +
						       nr_module)));
	assert_false(guest_memblock_is_reserved(m, pfn(t->first + START_FREE)));
}

static void all_that_the_builder_placed_is_reserved(void **state)
{
	(void)state;
	for (unsigned int inside = 0; inside < 2; inside++) {
		struct start t = start_make(inside);

		taken(&t, "as it is");
		check_reserved(&t, 4);
		assert_int_equal(t.g->boot.module_bytes, START_MODULE_BYTES);
		assert_int_equal(guest_memblock_nr_memory(&t.g->memblock),
				 START_PAGES);
		/* Image, module, ISA hole and the builder's. */
		assert_int_equal(guest_memblock_nr_free(&t.g->memblock),
				 START_PAGES - 64 - 4 - 96 - START_FREE -
					 (inside ? START_P2M_PAGES
						 : START_P2M_FRAMES));
		start_destroy(&t);
	}
}

/* Nothing can be held against these; no harm comes of them. */
static void so_it_is_whatever_start_info_says_of_the_rings(void **state)
{
	struct start t;

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		uint64_t ring[] = {0, INVALID_FRAME, 0, 0, 0};
		bool inside = i % 2 == 1;

		t = start_make(inside);
		ring[2] = start_behind(&t, 2000).v;
		ring[3] = t.si->store_mfn;
		/* Not a frame: dom0 has other words there. */
		ring[4] = 2;
		t.si->store_mfn = i == 1 || i == 4 ? 0 : ring[i];
		t.si->console.domU.mfn = ring[i];
		t.si->flags = i == 4 ? SIF_INITDOMAIN : 0;
		taken(&t, "rings");
		check_reserved(&t, 4);
		start_destroy(&t);
	}
}

static void a_ring_that_is_not_ours_is_refused(void **state)
{
	/* The hypervisor's, none of the machine's, and no number of one. */
	const uint64_t frame[] = {2, 100000, UINT64_C(1) << 40};
	struct start t;

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		t = start_make(false);
		t.si->store_mfn = frame[i];
		refused(&t, "start_info: the store mfn *");
		t = start_make(true);
		t.si->console.domU.mfn = frame[i];
		refused(&t, "start_info: the console mfn *");
	}
	t = start_make(false);
	t.si->store_mfn = INVALID_FRAME;
	refused(&t, "start_info: the store mfn ffffffffffffffff is not ours");
}

static void a_module_can_be_anywhere_or_not_at_all(void **state)
{
	struct start t = start_make(false);

	(void)state;
	t.si->mod_len = 0;
	t.si->mod_start = 12345;
	taken(&t, "no module");
	check_reserved(&t, 0);
	start_destroy(&t);
	t = start_make(false);
	t.si->flags = SIF_MOD_START_PFN;
	t.si->mod_start = START_PAGES - 2;
	t.si->mod_len = 0x1001;
	taken(&t, "at the end");
	assert_int_equal(t.g->boot.module_start.v, START_PAGES - 2);
	assert_int_equal(t.g->boot.module_end.v, START_PAGES);
	assert_true(guest_memblock_is_reserved(&t.g->memblock, pfn(4094)));
	assert_true(guest_memblock_is_reserved(&t.g->memblock, pfn(4095)));
	start_destroy(&t);
}

struct p2m_row {
	uint64_t first;
	uint64_t nr;
	const char *says; /* NULL: taken */
};

/* The list is frames 0x400 to 0x407, its tables those up to 0x40a. */
static const struct p2m_row p2m_rows[] = {
	{0x400, 11, NULL},
	/* A frame too many is given back with the rest. */
	{0x400, 12, NULL},
	{0x3ff, 12, NULL},
	{0x401, 11,
	 "the P2M's mapping has pfn 400, which is not of the 11 from "
	 "first_p2m_pfn 401 on"},
	{0x3ff, 11,
	 "the P2M's mapping has pfn 40a, which is not of the 11 from "
	 "first_p2m_pfn 3ff on"},
	{0x400, 10,
	 "the P2M's mapping has pfn 40a, which is not of the 10 from "
	 "first_p2m_pfn 400 on"},
	{0x400, 9,
	 "the P2M's mapping has pfn 409, which is not of the 9 from "
	 "first_p2m_pfn 400 on"},
	{0x404, 100,
	 "the P2M's mapping has pfn 400, which is not of the 100 from "
	 "first_p2m_pfn 404 on"},
	{0x500, 11,
	 "the P2M's mapping has pfn 408, which is not of the 11 from "
	 "first_p2m_pfn 500 on"},
	{0x59, 11,
	 "the P2M's mapping has pfn 408, which is not of the 11 from "
	 "first_p2m_pfn 59 on"},
};

static void a_p2m_that_is_not_where_it_is_said_to_be_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(p2m_rows) / sizeof(p2m_rows[0]); i++) {
		struct start t = start_make(false);

		t.si->first_p2m_pfn = p2m_rows[i].first;
		t.si->nr_p2m_frames = p2m_rows[i].nr;
		if (p2m_rows[i].says != NULL) {
			refused(&t, p2m_rows[i].says);
			continue;
		}
		taken(&t, "first_p2m_pfn");
		check_reserved(&t, 4);
		start_destroy(&t);
	}
}

static void ram_that_the_p2m_has_no_frame_for_is_refused(void **state)
{
	/* Below the tables, and above the initial mapping. */
	const uint64_t missing[] = {0, 40, 1535, 1536, START_PAGES - 1};
	char says[100];

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		struct start t = start_make(i % 2);

		*start_entry(&t, missing[i]) = INVALID_FRAME;
		(void)snprintf(says, sizeof(says),
			       "the memory map says that pfn %llx is RAM, but "
			       "the P2M has no frame for it",
			       (unsigned long long)missing[i]);
		refused(&t, says);
	}
}

static void what_is_not_ram_needs_no_frame(void **state)
{
	struct start t = start_make(false);

	(void)state;
	*start_entry(&t, 2000) = INVALID_FRAME;
	t.s->has_e820 = true;
	t.s->e820 = (struct guest_e820_map){3,
					    {{0, 2000 << PAGE_SHIFT, 1},
					     {2000 << PAGE_SHIFT, PAGE_SIZE, 2},
					     {2001 << PAGE_SHIFT,
					      TOP - (2001 << PAGE_SHIFT), 1}}};
	taken(&t, "a hole");
	assert_false(guest_memblock_is_memory(&t.g->memblock, pfn(2000)));
	start_destroy(&t);
}

struct map_row {
	const char *says; /* NULL: taken */
	unsigned int nr;
	struct guest_e820_entry entry[3];
};

static const struct map_row maps[] = {
	{NULL, 1, {{0, TOP, 1}}},
	{NULL, 2, {{0, TOP - 0x400000, 1}, {TOP - 0x400000, 0x400000, 2}}},
	{NULL, 2, {{0, TOP, 1}, {UINT64_C(1) << 40, UINT64_C(1) << 40, 2}}},
	{"E820: 0 entries", 0, {{0, 0, 0}}},
	{"E820: entry 1 at 1000000 has size 0", 2, {{0, TOP, 1}, {TOP, 0, 2}}},
	{"E820: entry 1 (1000000 + ffffffffffffffff) wraps around",
	 2,
	 {{0, TOP, 1}, {TOP, UINT64_MAX, 2}}},
	/* More than there is, by as little and as much as may be; and less. */
	{NULL, 1, {{0, TOP + 0x1000, 1}}},
	{NULL, 1, {{0, UINT64_C(1) << 60, 1}}},
	{NULL, 2, {{0, TOP, 1}, {UINT64_C(1) << 32, 0x1000, 1}}},
	{NULL, 1, {{0, TOP - 0x1000, 1}}},
	{NULL, 2, {{0, 0x800000, 1}, {0x801000, TOP - 0x801000, 1}}},
	{NULL, 2, {{0, 0x800000, 1}, {UINT64_C(1) << 32, TOP, 1}}},
	{"E820: not sorted: entry 2 at 400000 comes after one at 800000",
	 3,
	 {{0, 0x800000, 1}, {0x800000, 0x800000, 1}, {0x400000, 0x1000, 2}}},
	{"E820: entry 1 at 7ff000 overlaps the one before it, which ends at "
	 "800000",
	 2,
	 {{0, 0x800000, 1}, {0x7ff000, 0x801000, 1}}},
	/* It makes sense, but the builder's L3 is not in its RAM. */
	{"the table at pfn 54 is not in RAM",
	 3,
	 {{0, 0x54000, 1}, {0x54000, 0x1000, 2}, {0x55000, TOP - 0x55000, 1}}},
	/* Nor any table, if a byte of the first's page is another's. */
	{"the table at pfn 53 is not in RAM",
	 3,
	 {{0, 0x53fff, 1}, {0x53fff, 1, 2}, {0x54000, TOP - 0x54000, 1}}},
};

static void a_memory_map_that_makes_no_sense_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		struct start t = start_make(false);

		t.s->has_e820 = true;
		t.s->e820.nr = maps[i].nr;
		memcpy(t.s->e820.entry, maps[i].entry, sizeof(maps[i].entry));
		if (maps[i].says != NULL) {
			refused(&t, maps[i].says);
			continue;
		}
		taken(&t, "map");
		check_reserved(&t, 4);
		start_destroy(&t);
	}
}

struct room_row {
	uint64_t limit;
	unsigned int nr;
	struct guest_e820_entry entry[3];
	uint64_t end; /* of the room */
};

#define PAGES(n) ((uint64_t)(n) << PAGE_SHIFT)
/* What one page at the top of a P2M reaches. */
#define TOP_PAGE UINT64_C(0x8000000)

static const struct room_row rooms[] = {
	{0, 1, {{0, TOP, 1}}, START_PAGES},
	{0, 1, {{0, TOP - 0x1000, 1}}, START_PAGES},
	{0, 1, {{0, TOP + 0x3000, 1}}, START_PAGES + 3},
	{0, 2, {{0, TOP, 1}, {TOP, 0x3000, 2}}, START_PAGES},
	{0,
	 3,
	 {{0, 0x800000, 1}, {TOP, 0x1000, 1}, {PAGES(0x100000), 0x2000, 1}},
	 0x100002},
	{0, 1, {{0, PAGES(TOP_PAGE), 1}}, TOP_PAGE},
	{0, 1, {{0, PAGES(TOP_PAGE + 1), 1}}, TOP_PAGE},
	{0, 2, {{0, TOP, 1}, {PAGES(TOP_PAGE), 0x1000, 1}}, START_PAGES},
	{START_PAGES + 2, 1, {{0, TOP + 0x3000, 1}}, START_PAGES + 2},
	{START_PAGES + 5, 1, {{0, TOP + 0x3000, 1}}, START_PAGES + 3},
	{START_PAGES, 1, {{0, TOP + 0x3000, 1}}, START_PAGES},
	{0x500, 1, {{0, TOP + 0x3000, 1}}, START_PAGES},
};

static void ram_from_nr_pages_on_is_room(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		struct start t = start_make(false);

		t.config.memory_limit = pfn(rooms[i].limit);
		t.s->has_e820 = true;
		t.s->e820.nr = rooms[i].nr;
		memcpy(t.s->e820.entry, rooms[i].entry, sizeof(rooms[i].entry));
		taken(&t, "room");
		assert_int_equal(t.g->room_end.v, rooms[i].end);
		assert_true(guest_memblock_end(&t.g->memblock).v <=
			    START_PAGES);
		start_destroy(&t);
	}
}

/* Where addresses end, there is no room: the direct map's last page is it. */
static void room_ends_where_addresses_end(void **state)
{
	struct start t = start_make(false);

	(void)state;
	t.config.direct_base = vaddr(-PAGES(START_PAGES + 7));
	t.s->has_e820 = true;
	t.s->e820 = (struct guest_e820_map){1, {{0, 2 * TOP, 1}}};
	taken(&t, "room");
	assert_int_equal(t.g->room_end.v, START_PAGES + 7);
	start_destroy(&t);
}

static void what_the_builder_placed_must_be_ram(void **state)
{
	/* The image, the module, the P2M, start_info: a hole at each. */
	static const struct {
		uint64_t hole;
		bool inside;
		const char *says;
	} holes[] = {
		{16, false, "the kernel at pfn 10 to 4f: not all is RAM"},
		{79, false, "the kernel at pfn 10 to 4f: not all is RAM"},
		{START_MODULE_FRAME + 3, false,
		 "the module at pfn 4 to 7: not all is RAM"},
		{0x40a, false, "the P2M at pfn 400 to 40a: not all is RAM"},
		{80, true, "the P2M at pfn 50 to 57: not all is RAM"},
		{80, false, "start_info at pfn 50 to 52: not all is RAM"},
		{88, false,
		 "the builder's tables and stack at pfn 53 to 58: not all is "
		 "RAM"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(holes) / sizeof(holes[0]); i++) {
		struct start t = start_make(holes[i].inside);

		t.s->has_e820 = true;
		t.s->e820 =
			(struct guest_e820_map){2,
						{{0, PAGES(holes[i].hole), 1},
						 {PAGES(holes[i].hole + 1), TOP,
						  1}}};
		refused(&t, holes[i].says);
	}
}

static void a_map_that_cannot_be_fetched_is_an_error_by_itself(void **state)
{
	struct start t = start_make(false);

	(void)state;
	t.s->copy_fail_after = 1;
	start_run(&t);
	assert_int_equal(t.end, SIM_RETURNED);
	assert_int_equal(t.s->guest_result, -XEN_EFAULT);
	assert_string_equal(t.g->message, "XENMEM_memory_map: error 14");
	assert_int_equal(t.g->stats.hypercalls, 1);
	start_destroy(&t);
}

static void a_limit_must_be_above_all_that_the_builder_placed(void **state)
{
	/* P2M outside: the mapping ends at 0x400, and the P2M at 0x40b. */
	const uint64_t low[] = {1, 0x50, 0x3ff, 0x400, 0x40a};
	struct start t;

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		t = start_make(false);
		t.config.memory_limit = pfn(low[i]);
		refused(&t, "the memory limit at pfn *");
	}
	/* Inside there is only the end of the mapping above them. */
	t = start_make(true);
	t.config.memory_limit = pfn(0x3ff);
	refused(&t, "the memory limit at pfn 3ff is below what the builder "
		    "placed");
	t = start_make(false);
	t.si->flags = SIF_MOD_START_PFN;
	t.si->mod_start = 0x500;
	t.config.memory_limit = pfn(0x503);
	refused(&t, "the memory limit at pfn 503 is below what the builder "
		    "placed");
	t = start_make(false);
	t.config.memory_limit = pfn(0x40b);
	taken(&t, "limit");
	check_reserved(&t, 4);
	assert_int_equal(guest_memblock_end(&t.g->memblock).v, 0x40b);
	start_destroy(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_the_builder_placed_is_reserved),
		cmocka_unit_test(
			so_it_is_whatever_start_info_says_of_the_rings),
		cmocka_unit_test(a_ring_that_is_not_ours_is_refused),
		cmocka_unit_test(a_module_can_be_anywhere_or_not_at_all),
		cmocka_unit_test(
			a_p2m_that_is_not_where_it_is_said_to_be_is_refused),
		cmocka_unit_test(ram_that_the_p2m_has_no_frame_for_is_refused),
		cmocka_unit_test(what_is_not_ram_needs_no_frame),
		cmocka_unit_test(a_memory_map_that_makes_no_sense_is_refused),
		cmocka_unit_test(ram_from_nr_pages_on_is_room),
		cmocka_unit_test(room_ends_where_addresses_end),
		cmocka_unit_test(what_the_builder_placed_must_be_ram),
		cmocka_unit_test(
			a_map_that_cannot_be_fetched_is_an_error_by_itself),
		cmocka_unit_test(
			a_limit_must_be_above_all_that_the_builder_placed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
