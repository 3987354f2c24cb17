/* SPDX-License-Identifier: MIT */
/*
 * The arithmetic of clocks. System time is computed here and by every guest
 * from the same (mul, shift) pair, so the two can never drift apart.
 */
#include "emul/clock.h"

struct clock_scale clock_scale_make(uint64_t from, uint64_t to)
{
	unsigned __int128 ratio = ((unsigned __int128)to << 32) / from;
	struct clock_scale s = {.shift = 0};

	while (ratio >= (unsigned __int128)1 << 32) {
		ratio >>= 1;
		s.shift++;
	}
	/* Full precision: the fraction's top bit is set. */
	if (s.shift > 0) {
		ratio = ((unsigned __int128)to << (32 - s.shift)) / from;
	}
	while (ratio < (UINT64_C(1) << 31) && s.shift > -31) {
		s.shift--;
		ratio = ((unsigned __int128)to << (32 - s.shift)) / from;
	}
	s.mul = (uint32_t)ratio;
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
