/* SPDX-License-Identifier: MIT */
/*
 * How a row is measured, in one of three modes:
 *
 *   count    by the time-stamp counter, which under QEMU's `-icount shift=0`
 *            advances by one for each instruction executed, the guest's or the
 *            hypervisor's: each number is a count of instructions, and repeats;
 *   time     by the kernel's clock, in nanoseconds;
 *   flushes  by who watches from outside: batches stand between two lines, each
 *            with silence around it, in which QEMU is asked.
 *
 * Told is the median of the batches, after one that is thrown away: the timer
 * tick, which lands in some of them, does not shift it.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#define BATCHES_MAX 32
#define FLUSH_BATCHES 3
#define SILENCE_US 50000

#define LOOPS 1000
#define LOOP_LENGTH 50000
/* Debian's kernel has 250 ticks a second. */
#define TICK_NS UINT64_C(4000000)

static uint64_t now_ns(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC, &t)) {
		fail("clock_gettime");
	}
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t now(enum mode mode)
{
	return mode == MODE_COUNT ? __rdtsc() : now_ns();
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void tell(const char *name, uint64_t *batches, unsigned int nr,
		 unsigned int repeat)
{
	qsort(batches, nr, sizeof(*batches), by_value);
	printf("bench: %s %llu\n", name,
	       (unsigned long long)(batches[nr / 2] / repeat));
	fflush(stdout);
}

static void call(void (*what)(void))
{
	if (what) {
		what();
	}
}

static uint64_t batch(const struct row *row, enum mode mode)
{
	uint64_t start, end;

	call(row->begin);
	start = now(mode);
	for (unsigned int i = 0; i < row->repeat; i++) {
		row->operation();
	}
	end = now(mode);
	call(row->end);
	return end - start;
}

static void mark(const char *what, const struct row *row)
{
	usleep(SILENCE_US);
	printf("bench: %s-%s %u\n", what, row->name, row->repeat);
	fflush(stdout);
	usleep(SILENCE_US);
}

static void watched_batch(const struct row *row)
{
	call(row->begin);
	mark("from", row);
	for (unsigned int i = 0; i < row->repeat; i++) {
		row->operation();
	}
	mark("to", row);
	call(row->end);
}

void measure(const struct row *row, enum mode mode)
{
	uint64_t batches[BATCHES_MAX];

	call(row->set_up);
	/* What is done once only is long enough to have no beginning. */
	if (row->batches > 1) {
		(void)batch(row, mode);
	}
	if (mode == MODE_FLUSHES) {
		for (unsigned int b = 0; b < FLUSH_BATCHES; b++) {
			watched_batch(row);
		}
	} else {
		for (unsigned int b = 0; b < row->batches; b++) {
			batches[b] = batch(row, mode);
		}
		tell(row->name, batches, row->batches, row->repeat);
	}
	call(row->tear_down);
}

static void loop(void)
{
	for (unsigned int i = 0; i < LOOP_LENGTH; i++) {
		__asm__ volatile("");
	}
}

void measure_ticks(enum mode mode)
{
	static uint64_t took[LOOPS];
	uint64_t all = 0;
	uint64_t plain;
	size_t ticks;

	for (size_t i = 0; i < LOOPS; i++) {
		uint64_t start = now(mode);

		loop();
		took[i] = now(mode) - start;
		all += took[i];
	}
	qsort(took, LOOPS, sizeof(took[0]), by_value);
	plain = took[LOOPS / 2];
	/* With instructions for nanoseconds, so many ticks there were. */
	ticks = all / TICK_NS;
	if (ticks == 0 || ticks > LOOPS / 2) {
		fail("as many timer ticks as there are");
	}
	for (size_t i = LOOPS - ticks; i < LOOPS; i++) {
		took[i] -= plain;
	}
	tell("timer-tick", &took[LOOPS - ticks], (unsigned int)ticks, 1);
}
