/* SPDX-License-Identifier: MIT */
/*
 * From a counter that ticks at some frequency to another: a shift and a
 * 32-bit fraction, as the pvclock ABI has it. Needs no hypervisor.
 */
#ifndef PW_EMUL_CLOCK_H
#define PW_EMUL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct clock_scale {
	uint32_t mul; /* fraction of 2^32 */
	int8_t shift; /* applied to the delta first */
};

/* Scales ticks at `from` Hz to ticks at `to` Hz; both nonzero. */
struct clock_scale clock_scale_make(uint64_t from, uint64_t to);

static inline uint64_t clock_scale_apply(struct clock_scale s, uint64_t delta)
{
	if (s.shift >= 0) {
		delta <<= s.shift;
	} else {
		delta >>= -s.shift;
	}
	return (uint64_t)((unsigned __int128)delta * s.mul >> 32);
}

/*
 * A frequency in Hz that was measured with an error of at most `error` Hz,
 * taken for the whole number of MHz that lies within it, if one does.
 */
uint64_t clock_snap(uint64_t hz, uint64_t error);

/* Seconds since 1970 of a date; month and day count from 1. */
uint64_t clock_seconds(unsigned int year, unsigned int month, unsigned int day,
		       unsigned int hour, unsigned int minute,
		       unsigned int second);

#endif
