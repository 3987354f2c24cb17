/* SPDX-License-Identifier: MIT */
/* The arithmetic of clocks, against exact integers and the C library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "emul/clock.h"

static const uint64_t frequencies[] = {
	1193182,    10000000,   24000000,   100000000,  999999999,
	1000000000, 1000000001, 2394531000, 3000000000, 5123456789,
};
#define FREQUENCIES (sizeof(frequencies) / sizeof(frequencies[0]))

static void scaling_is_right_to_one_part_in_two_billion(void **state)
{
	static const uint64_t deltas[] = {
		0, 1, 1000, 123456789, UINT64_C(1) << 40, UINT64_C(1) << 50};

	(void)state;
	for (size_t i = 0; i < FREQUENCIES * FREQUENCIES; i++) {
		uint64_t from = frequencies[i % FREQUENCIES];
		uint64_t to = frequencies[i / FREQUENCIES];
		struct clock_scale s = clock_scale_make(from, to);

		assert_true(s.mul >= UINT32_C(1) << 31);
		for (size_t k = 0; k < sizeof(deltas) / sizeof(deltas[0]);
		     k++) {
			uint64_t exact =
				(uint64_t)((unsigned __int128)deltas[k] * to /
					   from);
			uint64_t ours = clock_scale_apply(s, deltas[k]);
			/* The fraction is cut, and so is a shifted delta. */
			uint64_t slack = (exact >> 31) + 2 + to / from;

			assert_true(ours <= exact);
			assert_true(exact - ours <= slack);
		}
	}
}

static void a_clock_of_one_gigahertz_is_exact(void **state)
{
	struct clock_scale s = clock_scale_make(1000000000, 1000000000);

	(void)state;
	for (uint64_t t = 1; t < UINT64_C(1) << 60; t = t * 3 + 1) {
		assert_int_equal(clock_scale_apply(s, t), t);
	}
}

static void a_measured_frequency_snaps_within_its_error_only(void **state)
{
	(void)state;
	assert_int_equal(clock_snap(1000080000, 100000), 1000000000);
	assert_int_equal(clock_snap(999920000, 100000), 1000000000);
	assert_int_equal(clock_snap(1000120000, 100000), 1000120000);
	assert_int_equal(clock_snap(2394531000, 200000), 2394531000);
	assert_int_equal(clock_snap(10, 100000), 10);
}

static void dates_are_those_of_the_c_library(void **state)
{
	(void)state;
	for (time_t t = 0; t < (time_t)200 * 366 * 86400;
	     t += 86400 * 7 + 3661) {
		struct tm tm;

		assert_non_null(gmtime_r(&t, &tm));
		assert_int_equal(clock_seconds((unsigned int)tm.tm_year + 1900,
					       (unsigned int)tm.tm_mon + 1,
					       (unsigned int)tm.tm_mday,
					       (unsigned int)tm.tm_hour,
					       (unsigned int)tm.tm_min,
					       (unsigned int)tm.tm_sec),
				 t);
	}
}

/* A shift by more than a word has bits would be anything. */
static void a_scale_shifts_by_less_than_a_word(void **state)
{
	(void)state;
	assert_true(clock_scale_make(UINT64_C(1) << 60, 1).shift >= -31);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scaling_is_right_to_one_part_in_two_billion),
		cmocka_unit_test(a_clock_of_one_gigahertz_is_exact),
		cmocka_unit_test(
			a_measured_frequency_snaps_within_its_error_only),
		cmocka_unit_test(dates_are_those_of_the_c_library),
		cmocka_unit_test(a_scale_shifts_by_less_than_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
