/* SPDX-License-Identifier: MIT */
/*
 * The clock of a 32-bit guest: what it counts from is never older than 32 bits
 * of nanoseconds last, and no reading is below the one before.
 */
#include "kernels/narrow/narrow.h"

#define SECOND UINT64_C(1000000000)

void test_time(void)
{
	volatile struct vcpu_time_info *t = &pv.shared->vcpu_info[0].time;
	const uint64_t first = t->system_time;
	const uint64_t begin = now(&pv);
	uint64_t last = begin;
	uint64_t oldest = 0;
	unsigned int back = 0;

	while (last < begin + 2 * SECOND) {
		const uint32_t version = t->version;
		const uint64_t from = t->system_time;
		const uint64_t read = now(&pv);

		if (version != t->version || (version & 1) != 0) {
			continue;
		}
		back += read < last;
		oldest = read - from > oldest ? read - from : oldest;
		last = read;
	}
	expect("time does not go back", back, 0);
	expect_true("its origin moves", t->system_time > first);
	expect_true("and is never older than two seconds", oldest < 2 * SECOND);
}
