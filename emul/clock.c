/* SPDX-License-Identifier: MIT */
/*
 * The arithmetic of clocks. System time is computed here and by every guest
 * from the same (mul, shift) pair, so the two can never drift apart.
 */
#include "emul/clock.h"

/* Long division, bit by bit: a freestanding build has no 128-bit one. */
struct clock_scale clock_scale_make(uint64_t from, uint64_t to)
{
	struct clock_scale s = {.mul = 0, .shift = 0};

	/* Full precision: the fraction to / from has its top bit set. */
	while (to >= from) {
		from <<= 1;
		s.shift++;
	}
	while (to < from - to && s.shift > -31) {
		to <<= 1;
		s.shift--;
	}
	for (unsigned int bit = 0; bit < 32; bit++) {
		to <<= 1;
		s.mul <<= 1;
		if (to >= from) {
			to -= from;
			s.mul |= 1;
		}
	}
	return s;
}

#define MHZ UINT64_C(1000000)

uint64_t clock_snap(uint64_t hz, uint64_t error)
{
	uint64_t nominal = (hz + MHZ / 2) / MHZ * MHZ;
	uint64_t off = nominal > hz ? nominal - hz : hz - nominal;

	return nominal != 0 && off <= error ? nominal : hz;
}

uint64_t clock_seconds(unsigned int year, unsigned int month, unsigned int day,
		       unsigned int hour, unsigned int minute,
		       unsigned int second)
{
	/* Years begin in March, so that a leap day ends one. */
	uint64_t y = month > 2 ? year : year - 1;
	uint64_t m = month > 2 ? month - 3 : month + 9;
	uint64_t days = 365 * y + y / 4 - y / 100 + y / 400 +
			(153 * m + 2) / 5 + day - 1;

	/* 1 March of year 0 is 719468 days before 1 January 1970. */
	return (days - 719468) * 86400 + hour * UINT64_C(3600) +
	       minute * UINT64_C(60) + second;
}
