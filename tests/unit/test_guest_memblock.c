/* SPDX-License-Identifier: MIT */
/*
 * The region allocator's edges: what is refused, with which error, and that
 * nothing has changed then. Sequences of operations are compared with a model
 * in test_guest_memblock_model.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "abi/xen.h"
#include "pagewarden/memblock.h"

#define NOWHERE pfn(12345)

typedef int change(struct guest_memblock *m, pfn_t start, pfn_t end);

/* Some memory and some of it taken: [10, 20), [30, 50); [12, 14), [40, 60). */
static struct guest_memblock sample(void)
{
	struct guest_memblock m;

	memset(&m, 0xa5, sizeof(m));
	guest_memblock_init(&m);
	assert_int_equal(guest_memblock_add(&m, pfn(30), pfn(50)), 0);
	assert_int_equal(guest_memblock_add(&m, pfn(10), pfn(20)), 0);
	assert_int_equal(guest_memblock_reserve(&m, pfn(40), pfn(60)), 0);
	assert_int_equal(guest_memblock_reserve(&m, pfn(12), pfn(14)), 0);
	return m;
}

static void a_new_one_is_empty(void **state)
{
	struct guest_memblock m;
	struct guest_region r;
	pfn_t cursor = pfn(0);

	(void)state;
	memset(&m, 0xff, sizeof(m));
	guest_memblock_init(&m);
	assert_int_equal(guest_memblock_nr_memory(&m), 0);
	assert_int_equal(guest_memblock_nr_free(&m), 0);
	assert_int_equal(guest_memblock_end(&m).v, 0);
	assert_false(guest_memblock_is_memory(&m, pfn(0)));
	assert_false(guest_memblock_is_reserved(&m, pfn(0)));
	assert_false(guest_memblock_next_memory(&m, &cursor, &r));
	assert_false(guest_memblock_next_free(&m, &cursor, &r));
	assert_int_equal(cursor.v, 0);
}

static void an_empty_or_backward_range_is_refused(void **state)
{
	static change *const changes[] = {guest_memblock_add,
					  guest_memblock_remove,
					  guest_memblock_reserve,
					  guest_memblock_free};
	const uint64_t range[][2] = {
		{0, 0}, {15, 15}, {16, 15}, {50, 10}, {UINT64_MAX, 0}};
	struct guest_memblock m = sample();
	const struct guest_memblock kept = m;

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		for (unsigned int j = 0; j < 5; j++) {
			assert_int_equal(changes[i](&m, pfn(range[j][0]),
						    pfn(range[j][1])),
					 -XEN_EINVAL);
		}
	}
	assert_memory_equal(&m, &kept, sizeof(m));
}

static void what_already_is_as_asked_does_no_harm(void **state)
{
	struct guest_memblock m = sample();
	const struct guest_memblock kept = m;

	(void)state;
	assert_int_equal(guest_memblock_add(&m, pfn(10), pfn(20)), 0);
	assert_int_equal(guest_memblock_add(&m, pfn(11), pfn(12)), 0);
	assert_int_equal(guest_memblock_remove(&m, pfn(20), pfn(30)), 0);
	assert_int_equal(guest_memblock_remove(&m, pfn(60), pfn(UINT64_MAX)),
			 0);
	assert_int_equal(guest_memblock_reserve(&m, pfn(40), pfn(60)), 0);
	assert_int_equal(guest_memblock_free(&m, pfn(0), pfn(12)), 0);
	assert_int_equal(m.memory.nr, kept.memory.nr);
	assert_int_equal(m.reserved.nr, kept.reserved.nr);
	assert_memory_equal(m.memory.region, kept.memory.region,
			    2 * sizeof(struct guest_region));
	assert_memory_equal(m.reserved.region, kept.reserved.region,
			    2 * sizeof(struct guest_region));
}

/* Every second frame, until the array is full. */
static void fill(struct guest_region_list *list)
{
	for (uint64_t i = 0; i < GUEST_MEMBLOCK_MAX_REGIONS; i++) {
		assert_int_equal(guest_region_add(list, pfn(4 * i),
						  pfn(4 * i + 2)),
				 0);
	}
	assert_int_equal(list->nr, GUEST_MEMBLOCK_MAX_REGIONS);
}

static void a_full_array_refuses_one_more_and_takes_what_merges(void **state)
{
	const uint64_t last = 4 * (GUEST_MEMBLOCK_MAX_REGIONS - 1);
	struct guest_region_list list = {0};
	struct guest_region_list kept;

	(void)state;
	fill(&list);
	kept = list;
	/* Between two, after all. */
	assert_int_equal(guest_region_add(&list, pfn(3), pfn(4)), 0);
	list = kept;
	assert_int_equal(guest_region_add(&list, pfn(last + 5), pfn(last + 6)),
			 -XEN_ENOSPC);
	assert_memory_equal(&list, &kept, sizeof(list));
	assert_int_equal(guest_region_remove(&list, pfn(4), pfn(5)), 0);
	list = kept;
	/* Joins two: one less, and then there is room for another. */
	assert_int_equal(guest_region_add(&list, pfn(2), pfn(4)), 0);
	assert_int_equal(list.nr, GUEST_MEMBLOCK_MAX_REGIONS - 1);
	assert_int_equal(guest_region_add(&list, pfn(last + 5), pfn(last + 6)),
			 0);
	assert_int_equal(list.nr, GUEST_MEMBLOCK_MAX_REGIONS);
	/* All of it at once. */
	assert_int_equal(guest_region_add(&list, pfn(0), pfn(UINT64_MAX)), 0);
	assert_int_equal(list.nr, 1);
}

static void a_full_array_refuses_to_be_split(void **state)
{
	struct guest_region_list list = {0};
	struct guest_region_list kept;

	(void)state;
	fill(&list);
	assert_int_equal(guest_region_add(&list, pfn(2), pfn(3)), 0);
	kept = list;
	assert_int_equal(guest_region_remove(&list, pfn(1), pfn(2)),
			 -XEN_ENOSPC);
	assert_memory_equal(&list, &kept, sizeof(list));
	assert_int_equal(guest_region_remove(&list, pfn(0), pfn(2)), 0);
	assert_int_equal(list.nr, GUEST_MEMBLOCK_MAX_REGIONS);
}

static void an_allocation_that_cannot_be_noted_takes_nothing(void **state)
{
	struct guest_memblock m;
	struct guest_memblock kept;
	pfn_t got = NOWHERE;

	(void)state;
	guest_memblock_init(&m);
	assert_int_equal(guest_memblock_add(&m, pfn(0), pfn(100000)), 0);
	fill(&m.reserved);
	kept = m;
	assert_int_equal(guest_memblock_find(&m, pfn(0), pfn(100000), 1, 8192,
					     GUEST_MEMBLOCK_HIGH, &got),
			 0);
	assert_int_equal(got.v, 98304);
	got = NOWHERE;
	assert_int_equal(guest_memblock_alloc(&m, pfn(0), pfn(100000), 1, 8192,
					      GUEST_MEMBLOCK_HIGH, &got),
			 -XEN_ENOSPC);
	assert_int_equal(got.v, NOWHERE.v);
	assert_memory_equal(&m, &kept, sizeof(m));
	/* What touches a stretch needs no new one. */
	assert_int_equal(guest_memblock_alloc(&m, pfn(0), pfn(100000), 1, 1,
					      GUEST_MEMBLOCK_LOW, &got),
			 0);
	assert_int_equal(got.v, 2);
}

static void no_frames_or_a_wrong_alignment_are_refused(void **state)
{
	const uint64_t asked[][2] = {{0, 1}, {1, 0}, {1, 3}, {1, UINT64_MAX}};
	struct guest_memblock m = sample();
	const struct guest_memblock kept = m;
	pfn_t got = NOWHERE;

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(guest_memblock_find(&m, pfn(0), pfn(100),
						     asked[i][0], asked[i][1],
						     GUEST_MEMBLOCK_LOW, &got),
				 -XEN_EINVAL);
		assert_int_equal(guest_memblock_alloc(&m, pfn(0), pfn(100),
						      asked[i][0], asked[i][1],
						      GUEST_MEMBLOCK_HIGH,
						      &got),
				 -XEN_EINVAL);
	}
	assert_int_equal(got.v, NOWHERE.v);
	assert_memory_equal(&m, &kept, sizeof(m));
}

static void what_cannot_fit_anywhere_is_not_found(void **state)
{
	const uint64_t asked[][4] = {
		/* low, high, nr, align */
		{0, 100, 11, 1},
		{0, 100, UINT64_MAX, 1},
		{0, 100, 1, UINT64_C(1) << 63},
		{20, 30, 1, 1},
		{35, 35, 1, 1},
		{36, 35, 1, 1},
		{31, 41, 10, 1},
		{UINT64_MAX, UINT64_MAX, 1, 1},
		{UINT64_MAX, 0, 1, 1},
	};
	struct guest_memblock m = sample();
	pfn_t got = NOWHERE;

	(void)state;
	for (unsigned int i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		for (unsigned int from = 0; from < 2; from++) {
			assert_int_equal(
				guest_memblock_find(&m, pfn(asked[i][0]),
						    pfn(asked[i][1]),
						    asked[i][2], asked[i][3],
						    from ? GUEST_MEMBLOCK_HIGH
							 : GUEST_MEMBLOCK_LOW,
						    &got),
				-XEN_ENOMEM);
		}
	}
	assert_int_equal(got.v, NOWHERE.v);
}

static void a_region_is_found_by_each_of_its_frames_alone(void **state)
{
	struct guest_memblock m = sample();
	const struct guest_region_list *list = &m.memory;

	(void)state;
	assert_null(guest_region_find(list, pfn(9)));
	assert_ptr_equal(guest_region_find(list, pfn(10)), &list->region[0]);
	assert_ptr_equal(guest_region_find(list, pfn(19)), &list->region[0]);
	assert_null(guest_region_find(list, pfn(20)));
	assert_ptr_equal(guest_region_find(list, pfn(49)), &list->region[1]);
	assert_null(guest_region_find(list, pfn(50)));
	assert_null(guest_region_find(list, PFN_INVALID));
	assert_true(guest_region_has(list, pfn(30)));
	assert_false(guest_region_has(list, pfn(29)));
	assert_false(guest_region_has(list, PFN_INVALID));
}

static void an_iterator_after_the_last_frame_has_no_more(void **state)
{
	struct guest_memblock m = sample();
	pfn_t cursor = PFN_INVALID;
	struct guest_region r;

	(void)state;
	assert_false(guest_memblock_next_memory(&m, &cursor, &r));
	assert_false(guest_memblock_next_free(&m, &cursor, &r));
	assert_int_equal(cursor.v, INVALID_FRAME);
	cursor = pfn(50);
	assert_false(guest_memblock_next_memory(&m, &cursor, &r));
	cursor = pfn(41);
	assert_false(guest_memblock_next_free(&m, &cursor, &r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_one_is_empty),
		cmocka_unit_test(an_empty_or_backward_range_is_refused),
		cmocka_unit_test(what_already_is_as_asked_does_no_harm),
		cmocka_unit_test(
			a_full_array_refuses_one_more_and_takes_what_merges),
		cmocka_unit_test(a_full_array_refuses_to_be_split),
		cmocka_unit_test(
			an_allocation_that_cannot_be_noted_takes_nothing),
		cmocka_unit_test(no_frames_or_a_wrong_alignment_are_refused),
		cmocka_unit_test(what_cannot_fit_anywhere_is_not_found),
		cmocka_unit_test(a_region_is_found_by_each_of_its_frames_alone),
		cmocka_unit_test(an_iterator_after_the_last_frame_has_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
