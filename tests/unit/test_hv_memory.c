/* SPDX-License-Identifier: MIT */
/*
 * RAM before the engine has it: firmware maps that overlap and end oddly, and
 * that what is reserved is never handed out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/metal/metal.h"

#include "hv/mm/layout.h"
#include "hv/mm/memory.h"

#define MIB (UINT64_C(1) << 20)

static struct boot_info boot;

static int set_up(void **state)
{
	memory_ram.nr = memory_free.nr = 0;
	memset(&boot, 0, sizeof(boot));
	return metal_set_up(state);
}

static void ram(uint64_t start, uint64_t end)
{
	boot.ram[boot.nr_ram++] = (struct boot_range){start, end};
}

static void assert_range(const struct memory_map *m, unsigned int i,
			 uint64_t start, uint64_t end)
{
	assert_true(i < m->nr);
	assert_int_equal(m->range[i].start, start);
	assert_int_equal(m->range[i].end, end);
}

static void ranges_that_touch_become_one(void **state)
{
	(void)state;
	ram(16 * MIB, 20 * MIB);
	ram(8 * MIB, 12 * MIB);
	ram(30 * MIB, 32 * MIB);
	ram(10 * MIB, 18 * MIB); /* over both */
	ram(32 * MIB, 33 * MIB); /* right behind */
	memory_init(&boot);
	assert_int_equal(memory_ram.nr, 2);
	assert_range(&memory_ram, 0, 8 * MIB, 20 * MIB);
	assert_range(&memory_ram, 1, 30 * MIB, 33 * MIB);
	assert_int_equal(memory_end(), 33 * MIB);
	assert_int_equal(memory_pages(&memory_ram), 15 * MIB / PAGE_SIZE);
}

static void a_range_inside_another_changes_nothing(void **state)
{
	(void)state;
	ram(8 * MIB, 20 * MIB);
	ram(10 * MIB, 12 * MIB);
	memory_init(&boot);
	assert_int_equal(memory_ram.nr, 1);
	assert_range(&memory_ram, 0, 8 * MIB, 20 * MIB);
}

static void parts_of_pages_are_not_ram(void **state)
{
	(void)state;
	ram(8 * MIB + 1, 9 * MIB + 1);
	ram(10 * MIB + 1, 10 * MIB + 5); /* no whole page */
	memory_init(&boot);
	assert_int_equal(memory_ram.nr, 1);
	assert_range(&memory_ram, 0, 8 * MIB + PAGE_SIZE, 9 * MIB);
}

static void what_the_direct_map_does_not_reach_is_left(void **state)
{
	(void)state;
	ram(DIRECTMAP_SIZE - MIB, DIRECTMAP_SIZE + MIB);
	memory_init(&boot);
	assert_int_equal(memory_end(), DIRECTMAP_SIZE);
}

static void what_is_used_is_not_free(void **state)
{
	(void)state;
	ram(0, 64 * MIB);
	boot.module[0].at = (struct boot_range){8 * MIB + 1, 9 * MIB + 1};
	boot.nr_modules = 1;
	memory_init(&boot);
	assert_int_equal(memory_ram.nr, 1);
	assert_int_equal(memory_free.nr, 3);
	assert_range(&memory_free, 0, MIB, METAL_IMAGE);
	assert_range(&memory_free, 1, METAL_IMAGE_END, 8 * MIB);
	assert_range(&memory_free, 2, 9 * MIB + PAGE_SIZE, 64 * MIB);
}

static void a_reservation_cuts_at_each_side(void **state)
{
	(void)state;
	ram(8 * MIB, 64 * MIB);
	memory_init(&boot);
	memory_reserve(8 * MIB, 10 * MIB);
	memory_reserve(60 * MIB, 70 * MIB);
	memory_reserve(20 * MIB, 30 * MIB);
	memory_reserve(64 * MIB, 66 * MIB); /* nothing of it is there */
	assert_int_equal(memory_free.nr, 2);
	assert_range(&memory_free, 0, 10 * MIB, 20 * MIB);
	assert_range(&memory_free, 1, 30 * MIB, 60 * MIB);
	memory_reserve(0, 25 * MIB); /* one whole range, between both */
	assert_int_equal(memory_free.nr, 1);
	assert_range(&memory_free, 0, 30 * MIB, 60 * MIB);
	memory_give(8 * MIB, 30 * MIB);
	assert_range(&memory_free, 0, 8 * MIB, 60 * MIB);
	memory_give(62 * MIB, 63 * MIB);
	memory_reserve(0, 64 * MIB); /* both ranges, whole */
	assert_int_equal(memory_free.nr, 0);
}

static void memory_is_taken_once_aligned_below_the_limit(void **state)
{
	(void)state;
	ram(8 * MIB, 16 * MIB);
	ram(32 * MIB, 33 * MIB);
	memory_init(&boot);
	/* The highest range is too small. */
	assert_int_equal(memory_take(2 * MIB, PAGE_SIZE, UINT64_MAX), 14 * MIB);
	assert_int_equal(memory_take(2 * MIB, PAGE_SIZE, UINT64_MAX), 12 * MIB);
	assert_int_equal(memory_take(PAGE_SIZE, 2 * MIB, UINT64_MAX), 32 * MIB);
	assert_int_equal(memory_take(MIB, PAGE_SIZE, 11 * MIB), 10 * MIB);
}

static bool panics(struct metal *t, void fn(void))
{
	jmp_buf at;
	volatile bool panicked = true;

	t->panics = &at;
	if (setjmp(at) == 0) {
		fn();
		panicked = false;
	}
	t->panics = NULL;
	return panicked;
}

static void take_too_much(void)
{
	(void)memory_take(16 * MIB, PAGE_SIZE, UINT64_MAX);
}

static void take_aligned(void)
{
	(void)memory_take(PAGE_SIZE, 64 * MIB, UINT64_MAX);
}

static void what_is_not_there_is_not_taken(void **state)
{
	struct metal *t = *state;

	ram(8 * MIB, 9 * MIB);
	memory_init(&boot);
	assert_true(panics(t, take_too_much));
	assert_true(panics(t, take_aligned));
	assert_range(&memory_free, 0, 8 * MIB, 9 * MIB);
}

static void take_at_0(void)
{
	(void)memory_take(PAGE_SIZE, PAGE_SIZE, 0);
}

static void a_limit_below_a_range_leaves_nothing_of_it(void **state)
{
	struct metal *t = *state;

	ram(8 * MIB, 9 * MIB);
	memory_init(&boot);
	assert_true(panics(t, take_at_0));
}

static void give_one_more(void)
{
	memory_give(UINT64_C(1) << 40, (UINT64_C(1) << 40) + PAGE_SIZE);
}

static void ranges_end(void **state)
{
	struct metal *t = *state;

	memory_init(&boot);
	for (uint64_t i = 0; i < BOOT_RANGES; i++) {
		memory_give((8 + 2 * i) * MIB, (9 + 2 * i) * MIB);
	}
	assert_true(panics(t, give_one_more));
	assert_int_equal(memory_free.nr, BOOT_RANGES);
	memory_give(9 * MIB, 10 * MIB); /* no range more, but one less */
	assert_int_equal(memory_free.nr, BOOT_RANGES - 1);
}

static void some_is_taken_of_the_largest(void **state)
{
	struct boot_range got;

	(void)state;
	ram(8 * MIB, 9 * MIB);
	ram(16 * MIB, 20 * MIB);
	ram(32 * MIB, 34 * MIB);
	memory_init(&boot);
	got = memory_take_some(3 * MIB, UINT64_MAX);
	assert_int_equal(got.start, 16 * MIB);
	assert_int_equal(got.end, 19 * MIB);
	got = memory_take_some(3 * MIB, UINT64_MAX);
	assert_int_equal(got.start, 32 * MIB);
	assert_int_equal(got.end, 34 * MIB);
	assert_int_equal(memory_free.nr, 2);
	memory_reserve(0, 64 * MIB);
	got = memory_take_some(MIB, UINT64_MAX);
	assert_int_equal(got.end, got.start);
	memory_ram.nr = 0;
	assert_int_equal(memory_end(), 0);
}

static void some_is_taken_below_a_limit(void **state)
{
	struct boot_range got;

	(void)state;
	ram(8 * MIB, 9 * MIB);
	ram(16 * MIB, 20 * MIB);
	ram(32 * MIB, 34 * MIB); /* all beyond it */
	memory_init(&boot);
	got = memory_take_some(3 * MIB, 18 * MIB);
	assert_int_equal(got.start, 16 * MIB);
	assert_int_equal(got.end, 18 * MIB);
	got = memory_take_some(3 * MIB, 18 * MIB);
	assert_int_equal(got.start, 8 * MIB);
	assert_int_equal(got.end, 9 * MIB);
	got = memory_take_some(3 * MIB, 18 * MIB);
	assert_int_equal(got.end, got.start);
	got = memory_take_some(3 * MIB, UINT64_MAX);
	assert_int_equal(got.start, 18 * MIB);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, metal_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(ranges_that_touch_become_one),
		TEST(a_range_inside_another_changes_nothing),
		TEST(parts_of_pages_are_not_ram),
		TEST(what_the_direct_map_does_not_reach_is_left),
		TEST(what_is_used_is_not_free),
		TEST(a_reservation_cuts_at_each_side),
		TEST(memory_is_taken_once_aligned_below_the_limit),
		TEST(what_is_not_there_is_not_taken),
		TEST(a_limit_below_a_range_leaves_nothing_of_it),
		TEST(ranges_end),
		TEST(some_is_taken_of_the_largest),
		TEST(some_is_taken_below_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
