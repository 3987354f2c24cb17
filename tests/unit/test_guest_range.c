/* SPDX-License-Identifier: MIT */
/* The one place that says which addresses are a guest's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "abi/guest_range.h"

static void ranges_lie_below_the_hole_or_above_the_hypervisor(void **state)
{
	static const struct {
		uint64_t start;
		uint64_t size;
		bool ok;
	} row[] = {
		{0, 0, true},
		{0, GUEST_LOW_END, true},
		{0, GUEST_LOW_END + 1, false},
		{GUEST_LOW_END - 8, 8, true},
		{GUEST_LOW_END - 8, 9, false},
		{GUEST_LOW_END, 0, true},
		{GUEST_LOW_END, 1, false},
		{GUEST_LOW_END + 1, 0, false},
		{0xffff7fffffffffff, 1, false},
		{0xffff800000000000, 1, false}, /* the hypervisor's */
		{GUEST_HIGH_START - 1, 1, false},
		{GUEST_HIGH_START, 1, true},
		{GUEST_HIGH_START, -GUEST_HIGH_START, true},
		{GUEST_HIGH_START, -GUEST_HIGH_START + 1, false}, /* wraps */
		{UINT64_MAX, 1, true},
		{UINT64_MAX, 2, false},
		{8, UINT64_MAX, false},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(guest_range_ok(row[i].start, row[i].size),
				 row[i].ok);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			ranges_lie_below_the_hole_or_above_the_hypervisor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
