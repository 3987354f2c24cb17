/* SPDX-License-Identifier: MIT */
/*
 * Requests have a quantum each, by the clock of the CPU and nothing else: what
 * timers the guest has set, which interrupts wait and by which way they come
 * makes no difference, so a guest cannot keep the CPU for longer by turning
 * something off (I10). A request that is stopped is issued again by the
 * guest's own CPU, and whatever waits is taken in between. The quantum begins
 * with the first question, so that every issue gets on by at least as much as
 * lies between two: no storm of interrupts stops it for good. It is shorter
 * where another CPU waits for a lock that this one holds, so that what one
 * guest asks for does not keep another's CPU out for long.
 *
 * How much lies between two questions is bounded by what the code does, not by
 * the clock. It can be measured: where the TSC counts instructions (QEMU's
 * -icount), the longest such stretch is a number that a test can hold.
 */
#include "hv/cpu/slice.h"

#include "hv/cpu/clock.h"

#define QUANTA_PER_MS 4
#define WANTED_PER_MS 40 /* where another CPU waits for what is held here */

bool slice_measured;

static void note(struct slice *s, uint64_t now, const void *at)
{
	uint64_t stretch = now - s->asked;

	if (stretch > s->longest_stretch) {
		s->longest_stretch = stretch;
		s->longest_at = (uint64_t)at;
	}
	s->asked = now;
}

void slice_reset(void)
{
	cpu_here()->slice = (struct slice){0};
	slice_begin();
}

static inline bool is_over(const struct slice *s, uint64_t now, bool wanted)
{
	return now >= s->end || (wanted && now >= s->end_wanted);
}

/* The first question, and all of them where stretches are measured. */
static __attribute__((noinline)) bool begin_or_measure(struct slice *s,
						       uint64_t now,
						       bool wanted,
						       const void *at)
{
	if (slice_measured) {
		note(s, now, at);
	}
	if (s->end == 0) {
		s->end = now + clock_tsc_khz() / QUANTA_PER_MS;
		s->end_wanted = now + clock_tsc_khz() / WANTED_PER_MS;
		return false;
	}
	return is_over(s, now, wanted);
}

bool slice_over(bool wanted)
{
	struct slice *s = &cpu_here()->slice;
	uint64_t now = x86_rdtsc();

	if (__builtin_expect(slice_measured || s->end == 0, 0)) {
		return begin_or_measure(s, now, wanted,
					__builtin_return_address(0));
	}
	return is_over(s, now, wanted);
}

void slice_leave(void)
{
	struct slice *s = &cpu_here()->slice;
	uint64_t now = x86_rdtsc();

	if (!slice_measured) {
		return;
	}
	note(s, now, __builtin_return_address(0));
	if (now - s->began > s->longest_stay) {
		s->longest_stay = now - s->began;
	}
}
