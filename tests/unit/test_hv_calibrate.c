/* SPDX-License-Identifier: MIT */
/*
 * The TSC and the local APIC's timer, measured against an interval timer of
 * which a busy host takes away what it likes: all three go on while the CPU
 * does not. What comes out is right all the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hv/cpu/x86.h"

#define x86_in8 pit_in8
#define x86_out8 pit_out8
#define x86_rdtsc pit_rdtsc
#define x86_cpuid pit_cpuid

static uint8_t pit_in8(uint16_t port);
static void pit_out8(uint16_t port, uint8_t value);
static uint64_t pit_rdtsc(void);
static struct cpuid pit_cpuid(uint32_t leaf, uint32_t subleaf);

#include "hv/cpu/calibrate.c"

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)
#define TSC_MHZ 2100
#define LAPIC_MHZ 1000

/* The machine: what has passed is in ns. */
static struct {
	uint64_t now;
	uint64_t started;    /* the interval timer, from ffff */
	uint64_t next_stall; /* the host's, each as long as it says */
	uint64_t stall_from, stall_most, run_most;
	uint64_t random;
	unsigned int latched; /* bytes of it that are still to be read */
	unsigned int rounds;
	uint16_t latch;
	uint32_t stated; /* the frequency of leaf 15h, in Hz */
	volatile uint32_t lapic[0x400];
} pit;

static uint64_t below(uint64_t n)
{
	pit.random ^= pit.random << 13;
	pit.random ^= pit.random >> 7;
	pit.random ^= pit.random << 17;
	return n == 0 ? 0 : (pit.random >> 16) % n;
}

static void pass(uint64_t ns)
{
	pit.now += ns;
	if (pit.now >= pit.next_stall) {
		pit.now +=
			pit.stall_from + below(pit.stall_most - pit.stall_from);
		pit.next_stall = pit.now + below(pit.run_most);
	}
	if (pit.lapic[LAPIC_TIMER_INITIAL] != 0) {
		pit.lapic[LAPIC_TIMER_COUNT] =
			UINT32_MAX - (uint32_t)(pit.now * LAPIC_MHZ / 1000);
	}
}

static uint64_t ticks(void)
{
	return (pit.now - pit.started) * PIT_HZ / UINT64_C(1000000000);
}

static uint8_t pit_in8(uint16_t port)
{
	pass(US / 2);
	if (port == PIT_GATE) {
		return ticks() >= 0xffff ? PIT_OUT2 : 0;
	}
	assert_int_equal(port, PIT_CHANNEL2);
	assert_true(pit.latched > 0);
	pit.latched--;
	return (uint8_t)(pit.latched != 0 ? pit.latch : pit.latch >> 8);
}

static void pit_out8(uint16_t port, uint8_t value)
{
	pass(US / 2);
	if (port == PIT_COMMAND && value == PIT_LATCH2) {
		pit.latch = (uint16_t)(0xffff - ticks());
		pit.latched = 2;
	} else if (port == PIT_COMMAND) {
		pit.rounds++;
	} else if (port == PIT_CHANNEL2) {
		pit.started = pit.now;
	}
}

static uint64_t pit_rdtsc(void)
{
	pass(10);
	return pit.now * TSC_MHZ / 1000;
}

static struct cpuid pit_cpuid(uint32_t leaf, uint32_t subleaf)
{
	(void)subleaf;
	if (pit.stated != 0 && leaf == 0) {
		return (struct cpuid){.a = LEAF_TSC};
	}
	if (leaf == LEAF_TSC) {
		return (struct cpuid){.a = 1, .b = 1, .c = pit.stated};
	}
	return (struct cpuid){.a = 1};
}

/* Never away. */
static void quiet(void)
{
	pit.random = 1;
	pit.rounds = 0;
	pit.stated = 0;
	pit.now = 12345;
	pit.next_stall = UINT64_MAX;
}

/* Runs for up to `run`, and is away for `from` to `most`. */
static void busy(uint64_t seed, uint64_t run, uint64_t from, uint64_t most)
{
	quiet();
	pit.random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
	pit.run_most = run;
	pit.stall_from = from;
	pit.stall_most = most;
	pit.next_stall = pit.now + below(run);
}

static void assert_right(struct frequencies f, uint64_t percent)
{
	const uint64_t tsc = TSC_MHZ * UINT64_C(1000000);
	const uint64_t lapic = LAPIC_MHZ * UINT64_C(1000000);

	assert_in_range(f.tsc, tsc - tsc / 100 * percent,
			tsc + tsc / 100 * percent);
	assert_in_range(f.lapic, lapic - lapic / 100 * percent,
			lapic + lapic / 100 * percent);
}

static void a_quiet_machine_is_measured_once_and_exactly(void **state)
{
	struct frequencies f;

	(void)state;
	quiet();
	f = calibrate(pit.lapic);
	assert_right(f, 0);
	assert_int_equal(pit.rounds, 1);
	assert_int_equal(pit.lapic[LAPIC_TIMER_INITIAL], 0);
}

static void what_the_cpu_says_comes_first(void **state)
{
	(void)state;
	quiet();
	pit.stated = 1234567890;
	assert_int_equal(calibrate(pit.lapic).tsc, 1234567890);
}

/* 65 ms look like 10 on the interval timer, which has begun again. */
static void a_round_that_outlasts_the_interval_timer_does_not_count(
	void **state)
{
	(void)state;
	for (unsigned int at = 100; at < 10000; at += 100) {
		busy(1, UINT64_MAX, 54 * MS, 120 * MS);
		pit.next_stall = pit.now + at * US;
		assert_right(calibrate(pit.lapic), 1);
	}
}

static void a_reading_that_was_interrupted_does_not_count(void **state)
{
	(void)state;
	for (unsigned int seed = 0; seed < 300; seed++) {
		busy(seed, 200 * US, 100 * US, 2 * MS);
		assert_right(calibrate(pit.lapic), 1);
	}
}

static void a_crowded_host_makes_no_difference(void **state)
{
	(void)state;
	for (unsigned int seed = 0; seed < 300; seed++) {
		busy(seed, 8 * MS, 4 * MS, 100 * MS);
		assert_right(calibrate(pit.lapic), 1);
	}
}

/* With nothing right to be had, it does not take for ever. */
static void no_good_round_at_all_comes_to_an_end(void **state)
{
	struct frequencies f;

	(void)state;
	busy(1, 5 * MS, 60 * MS, 100 * MS);
	f = calibrate(pit.lapic);
	assert_int_equal(pit.rounds, ROUNDS);
	assert_true(f.tsc != 0);
	assert_true(f.lapic != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quiet_machine_is_measured_once_and_exactly),
		cmocka_unit_test(what_the_cpu_says_comes_first),
		cmocka_unit_test(
			a_round_that_outlasts_the_interval_timer_does_not_count),
		cmocka_unit_test(a_reading_that_was_interrupted_does_not_count),
		cmocka_unit_test(a_crowded_host_makes_no_difference),
		cmocka_unit_test(no_good_round_at_all_comes_to_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
