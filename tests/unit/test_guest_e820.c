/* SPDX-License-Identifier: MIT */
/*
 * The memory map: each refusal with what it says and nothing changed, and what
 * is repaired and how. Random maps are in test_guest_e820_model.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "abi/xen.h"
#include "pagewarden/e820.h"
#include "pagewarden/guest.h"
#include "sim/sim.h"

#define TOP UINT64_C(0x10000)
#define ROW_ENTRIES 4

struct row {
	const char *what;
	const char *says; /* all of the message */
	unsigned int nr;
	struct guest_e820_entry entry[ROW_ENTRIES];
};

static struct guest *make(void)
{
	struct guest *g = calloc(1, sizeof(*g));

	assert_non_null(g);
	return g;
}

static void fill(struct guest_e820_map *map, unsigned int nr,
		 const struct guest_e820_entry *entry)
{
	memset(map, 0x5a, sizeof(*map));
	map->nr = nr;
	for (unsigned int i = 0; i < nr; i++) {
		map->entry[i] = entry[i];
	}
}

static const struct row refused[] = {
	{"no entry", "E820: 0 entries", 0, {{0, 0, 0}}},
	{"size 0",
	 "E820: entry 1 at 8000 has size 0",
	 3,
	 {{0, 0x8000, GUEST_E820_RAM},
	  {0x8000, 0, 2},
	  {0x8000, 0x8000, GUEST_E820_RAM}}},
	{"size 0, above all that matters",
	 "E820: entry 1 at ffffffff00000000 has size 0",
	 2,
	 {{0, TOP, GUEST_E820_RAM}, {0xffffffff00000000, 0, 2}}},
	{"wraps around",
	 "E820: entry 1 (10000 + ffffffffffffffff) wraps around",
	 2,
	 {{0, TOP, GUEST_E820_RAM}, {0x10000, UINT64_MAX, 2}}},
	{"ends at 2^64, which no 64 bits hold",
	 "E820: entry 1 (fffffffffffff000 + 1000) wraps around",
	 2,
	 {{0, TOP, GUEST_E820_RAM}, {0xfffffffffffff000, 0x1000, 2}}},
	{"RAM that wraps around",
	 "E820: entry 0 (1 + ffffffffffffffff) wraps around",
	 1,
	 {{1, UINT64_MAX, GUEST_E820_RAM}}},
	{"not sorted",
	 "E820: not sorted: entry 2 at 4000 comes after one at 8000",
	 3,
	 {{0, 0x8000, GUEST_E820_RAM},
	  {0x8000, 0x8000, 2},
	  {0x4000, 0x1000, 2}}},
	{"not sorted, above nr_pages",
	 "E820: not sorted: entry 2 at 20000 comes after one at 30000",
	 3,
	 {{0, TOP, GUEST_E820_RAM},
	  {0x30000, 0x1000, 2},
	  {0x20000, 0x1000, 2}}},
	{"overlap of a byte",
	 "E820: entry 1 at 7fff overlaps the one before it, which ends at 8000",
	 2,
	 {{0, 0x8000, GUEST_E820_RAM}, {0x7fff, 0x8001, GUEST_E820_RAM}}},
	{"two at one place",
	 "E820: entry 1 at 0 overlaps the one before it, which ends at 10000",
	 2,
	 {{0, TOP, GUEST_E820_RAM}, {0, TOP, GUEST_E820_RAM}}},
	{"overlap above nr_pages",
	 "E820: entry 2 at 20fff overlaps the one before it, which ends at "
	 "21000",
	 3,
	 {{0, TOP, GUEST_E820_RAM},
	  {0x20000, 0x1000, 2},
	  {0x20fff, 0x1000, 3}}},
};

static void check_refusal(struct guest *g, struct guest_e820_map *map,
			  const char *says)
{
	const struct guest_e820_map kept = *map;

	g->message[0] = '\0';
	assert_int_equal(guest_e820_sanitise(g, map), -XEN_EINVAL);
	assert_string_equal(g->message, says);
	assert_memory_equal(map, &kept, sizeof(kept));
}

static void what_makes_no_sense_is_refused_by_name(void **state)
{
	struct guest *g = make();
	struct guest_e820_map map;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		fill(&map, refused[i].nr, refused[i].entry);
		check_refusal(g, &map, refused[i].says);
	}
	free(g);
}

static void more_entries_than_a_map_holds_are_refused(void **state)
{
	struct guest *g = make();
	struct guest_e820_map map;

	(void)state;
	fill(&map, 0, NULL);
	map.nr = GUEST_E820_MAX_ENTRIES + 1;
	check_refusal(g, &map, "E820: 129 entries");
	map.nr = UINT32_MAX;
	check_refusal(g, &map, "E820: 4294967295 entries");
	free(g);
}

struct repair {
	const char *what;
	unsigned int nr;
	struct guest_e820_entry entry[ROW_ENTRIES];
	unsigned int nr_expected;
	struct guest_e820_entry expected[ROW_ENTRIES];
};

static const struct repair repairs[] = {
	{"nothing to do", 1, {{0, TOP, 1}}, 1, {{0, TOP, 1}}},
	{"entries of a type that touch become one",
	 4,
	 {{0, 0x4000, 1},
	  {0x4000, 0x4000, 1},
	  {0x8000, 0x4000, 2},
	  {0xc000, 0x4000, 2}},
	 2,
	 {{0, 0x8000, 1}, {0x8000, 0x8000, 2}}},
	{"even if they touch inside a page",
	 2,
	 {{0, 0x4800, 1}, {0x4800, 0xb800, 1}},
	 1,
	 {{0, TOP, 1}}},
	{"types apart stay apart",
	 3,
	 {{0, 0x4000, 2}, {0x4000, 0x4000, 3}, {0x8000, 0x8000, 2}},
	 3,
	 {{0, 0x4000, 2}, {0x4000, 0x4000, 3}, {0x8000, 0x8000, 2}}},
	{"a page that is RAM in part is none",
	 3,
	 {{0, 0x4800, 1}, {0x4800, 0x3400, 2}, {0x7c00, 0x8400, 1}},
	 3,
	 {{0, 0x4000, 1}, {0x4000, 0x4000, 2}, {0x8000, 0x8000, 1}}},
	{"RAM of less than a page goes",
	 3,
	 {{0, 0x4800, 2}, {0x4800, 0x400, 1}, {0x4c00, 0xb400, 3}},
	 2,
	 {{0, 0x5000, 2}, {0x5000, 0xb000, 3}}},
	{"of two that meet in a page the first has it",
	 2,
	 {{0, 0x4001, 2}, {0x4001, 0xbfff, 3}},
	 2,
	 {{0, 0x5000, 2}, {0x5000, 0xb000, 3}}},
	{"what is inside that page goes, and its neighbours meet",
	 3,
	 {{0, 0x4001, 2}, {0x4001, 0x10, 3}, {0x4011, 0xbfef, 2}},
	 1,
	 {{0, TOP, 2}}},
	{"a page that is RAM in part and otherwise nothing is none",
	 2,
	 {{0, 0x4001, 1}, {0x4003, 0xbffd, 1}},
	 2,
	 {{0, 0x4000, 1}, {0x5000, 0xb000, 1}}},
	{"nor is one in two halves with a hole between",
	 2,
	 {{0x800, 0x7800, 1}, {0x8001, 0x7fff, 1}},
	 2,
	 {{0x1000, 0x7000, 1}, {0x9000, 0x7000, 1}}},
	{"RAM in the last page of all goes, and takes none with it",
	 2,
	 {{0, 0x8000, 1}, {0xfffffffffffff800, 0x7ff, 1}},
	 1,
	 {{0, 0x8000, 1}}},
	{"holes are nobody's business",
	 3,
	 {{0, TOP, 1}, {0x20010, 0x20, 2}, {0x30000, 0x1000, 2}},
	 3,
	 {{0, TOP, 1}, {0x20000, 0x1000, 2}, {0x30000, 0x1000, 2}}},
	{"the last page of all cannot be rounded up",
	 2,
	 {{0, TOP, 1}, {0xffffffffffff0000, 0xffff, 2}},
	 2,
	 {{0, TOP, 1}, {0xffffffffffff0000, 0xf000, 2}}},
	{"and goes if there was nothing else",
	 2,
	 {{0, TOP, 1}, {0xfffffffffffff800, 0x7ff, 2}},
	 1,
	 {{0, TOP, 1}}},
};

static void what_is_harmless_is_repaired(void **state)
{
	struct guest *g = make();
	struct guest_e820_map map;

	(void)state;
	for (size_t i = 0; i < sizeof(repairs) / sizeof(repairs[0]); i++) {
		const struct repair *r = &repairs[i];

		fill(&map, r->nr, r->entry);
		if (guest_e820_sanitise(g, &map) != 0 ||
		    map.nr != r->nr_expected ||
		    memcmp(map.entry, r->expected,
			   map.nr * sizeof(map.entry[0])) != 0) {
			fail_msg("%s: %u entries, %s", r->what, map.nr,
				 g->message);
		}
	}
	free(g);
}

static void as_many_as_a_map_holds_are_taken(void **state)
{
	struct guest *g = make();
	struct guest_memblock m;
	struct guest_e820_map map;

	(void)state;
	map.nr = GUEST_E820_MAX_ENTRIES;
	for (unsigned int i = 0; i < GUEST_E820_MAX_ENTRIES; i++) {
		map.entry[i] = (struct guest_e820_entry){i * PAGE_SIZE,
							 PAGE_SIZE, 1 + i % 2};
	}
	guest_memblock_init(&m);
	assert_int_equal(guest_e820_sanitise(g, &map), 0);
	assert_int_equal(map.nr, GUEST_E820_MAX_ENTRIES);
	assert_int_equal(guest_e820_to_memblock(g, &map, GUEST_E820_MAX_ENTRIES,
						&m),
			 0);
	assert_int_equal(guest_memblock_nr_memory(&m),
			 GUEST_E820_MAX_ENTRIES / 2);
	free(g);
}

static void ram_is_memory_and_the_isa_hole_is_reserved(void **state)
{
	const struct guest_e820_entry entry[] = {{0, 0x9f000, 1},
						 {0x9f000, 0x61000, 2},
						 {0x100000, 0x80000, 1},
						 {0x180000, 0x1000, 3},
						 {0x181000, 0x7f000, 1}};
	struct guest *g = make();
	struct guest_memblock m;
	struct guest_e820_map map;

	(void)state;
	fill(&map, 5, entry);
	guest_memblock_init(&m);
	assert_int_equal(guest_e820_sanitise(g, &map), 0);
	assert_int_equal(guest_e820_to_memblock(g, &map, 0x200, &m), 0);
	for (uint64_t i = 0; i < 0x210; i++) {
		bool ram = i < 0x9f || (i >= 0x100 && i < 0x200 && i != 0x180);

		assert_int_equal(guest_memblock_is_memory(&m, pfn(i)), ram);
		assert_int_equal(guest_memblock_is_reserved(&m, pfn(i)),
				 i >= 0xa0 && i < 0x100);
	}
	/* Even if the map says that it is RAM, as a guest's own does. */
	fill(&map, 1, &(struct guest_e820_entry){0, 0x200000, 1});
	guest_memblock_init(&m);
	assert_int_equal(guest_e820_to_memblock(g, &map, 0x200, &m), 0);
	assert_int_equal(guest_memblock_nr_memory(&m), 0x200);
	assert_int_equal(guest_memblock_nr_free(&m), 0x200 - 0x60);
	free(g);
}

/* RAM of a guest that has 16 frames: of the map, what of it is memory. */
static const struct {
	unsigned int nr;
	struct guest_e820_entry entry[ROW_ENTRIES];
	uint64_t memory;
} larger[] = {
	{1, {{0, TOP, 1}}, 16},
	{1, {{0, TOP + 0x1000, 1}}, 16},
	{2, {{0, TOP, 1}, {TOP, 0x100000, 1}}, 16},
	{2, {{0, 0x8000, 1}, {0x8000, UINT64_C(1) << 60, 1}}, 16},
	{2, {{0, 0x8000, 1}, {UINT64_C(1) << 32, 0x8000, 1}}, 8},
	{2, {{0, 0x8000, 1}, {0xc000, 0x8000, 1}}, 12},
	{3, {{0, 0x8000, 1}, {0x8000, 0x8000, 2}, {TOP, 0x8000, 1}}, 8},
	{1, {{TOP, 0x8000, 1}}, 0},
	{1, {{0, TOP, 2}}, 0},
};

static void ram_from_nr_pages_on_is_no_memory_yet(void **state)
{
	struct guest *g = make();
	struct guest_memblock m;
	struct guest_e820_map map;

	(void)state;
	for (size_t i = 0; i < sizeof(larger) / sizeof(larger[0]); i++) {
		fill(&map, larger[i].nr, larger[i].entry);
		guest_memblock_init(&m);
		assert_int_equal(guest_e820_sanitise(g, &map), 0);
		assert_int_equal(guest_e820_to_memblock(g, &map, 16, &m), 0);
		assert_int_equal(guest_memblock_nr_memory(&m),
				 larger[i].memory);
		assert_true(guest_memblock_end(&m).v <= 16);
	}
	free(g);
}

static void the_next_of_ram_and_its_end_are_found(void **state)
{
	const struct guest_e820_entry entry[] = {{0x2000, 0x2000, 1},
						 {0x4000, 0x1000, 2},
						 {0x6000, 0x1000, 1}};
	const uint64_t next[] = {2, 2, 2, 3, 6, 6, 6, INVALID_FRAME};
	const uint64_t end[] = {0, 0, 0, 3, 4, 4, 4, 7, 7};
	struct guest_e820_map map;

	(void)state;
	fill(&map, 3, entry);
	for (uint64_t i = 0; i < sizeof(next) / sizeof(next[0]); i++) {
		assert_int_equal(guest_e820_next_ram(&map, pfn(i)).v, next[i]);
	}
	assert_int_equal(guest_e820_next_ram(&map, PFN_INVALID).v,
			 INVALID_FRAME);
	for (uint64_t i = 0; i < sizeof(end) / sizeof(end[0]); i++) {
		assert_int_equal(guest_e820_ram_end(&map, pfn(i)).v, end[i]);
	}
}

static void an_allocator_without_room_says_so(void **state)
{
	const struct guest_e820_entry entry[] = {{0, 0x2000, 1},
						 {0x2000, 0xe000, 2}};
	struct guest *g = make();
	struct guest_memblock m;
	struct guest_e820_map map;

	(void)state;
	fill(&map, 2, entry);
	guest_memblock_init(&m);
	for (uint64_t i = 1; i <= GUEST_MEMBLOCK_MAX_REGIONS; i++) {
		assert_int_equal(guest_memblock_add(&m, pfn(i * 16),
						    pfn(i * 16 + 1)),
				 0);
	}
	assert_int_equal(guest_e820_to_memblock(g, &map, 16, &m), -XEN_ENOSPC);
	assert_string_equal(g->message, "E820: too many regions");
	free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_makes_no_sense_is_refused_by_name),
		cmocka_unit_test(more_entries_than_a_map_holds_are_refused),
		cmocka_unit_test(what_is_harmless_is_repaired),
		cmocka_unit_test(as_many_as_a_map_holds_are_taken),
		cmocka_unit_test(ram_is_memory_and_the_isa_hole_is_reserved),
		cmocka_unit_test(ram_from_nr_pages_on_is_no_memory_yet),
		cmocka_unit_test(the_next_of_ram_and_its_end_are_found),
		cmocka_unit_test(an_allocator_without_room_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
