/* SPDX-License-Identifier: MIT */
/*
 * Frequencies.
 *
 * The TSC's is taken from the CPU where it says so (leaf 15h, or a
 * hypervisor's timing leaf), and otherwise measured, as the local APIC timer's
 * always is, against channel 2 of the interval timer. A sample reads the
 * counters close together; of several attempts the one with the shortest time
 * between first and last read counts, so an interruption by whatever hosts
 * this machine spoils an attempt, not the result. What remains is an error of
 * about a tick of the interval timer at either end, and a frequency that lies
 * this near to a whole number of MHz is taken to be that.
 *
 * A host that is busy may take the CPU away for longer than the interval timer
 * can count, 55 ms: what it shows then is short by that, and the frequencies
 * would come out several times too high. So the channel counts down once, and
 * its output says that it has run out. Such a round is of no use, nor is one
 * whose samples took long; another is begun, and the best of them counts.
 */
#include "hv/cpu/calibrate.h"

#include <stdbool.h>

#include "emul/clock.h"
#include "hv/cpu/lapic.h"
#include "hv/cpu/x86.h"

#define PIT_HZ UINT64_C(1193182)
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_GATE 0x61
#define PIT_SPEAKER 0x02
#define PIT_OUT2 0x20   /* channel 2 has counted down */
#define PIT_START2 0xb0 /* channel 2, both bytes, once to zero */
#define PIT_LATCH2 0x80

#define WINDOW (PIT_HZ / 100) /* 10 ms */
#define ATTEMPTS 8
#define ROUNDS 50

/* Both samples' width, in parts of 65536 of the time between them. */
#define DOUBT_NONE 128u /* as good as it gets */
#define DOUBT_ALL UINT64_MAX

struct sample {
	uint64_t tsc;
	uint64_t width; /* how long it took, by the TSC */
	uint32_t lapic;
	uint16_t pit;
};

struct round {
	struct frequencies f;
	uint64_t doubt;
};

static uint16_t read_latched(void)
{
	uint16_t low = x86_in8(PIT_CHANNEL2);

	return (uint16_t)(low | x86_in8(PIT_CHANNEL2) << 8);
}

static struct sample take_sample(const volatile uint32_t *lapic)
{
	struct sample best = {.width = UINT64_MAX};

	for (unsigned int i = 0; i < ATTEMPTS; i++) {
		struct sample s;
		uint64_t before = x86_rdtsc();

		x86_out8(PIT_COMMAND, PIT_LATCH2);
		s.lapic = lapic[LAPIC_TIMER_COUNT];
		s.width = x86_rdtsc() - before;
		s.pit = read_latched();
		s.tsc = before + s.width / 2;
		if (s.width < best.width) {
			best = s;
		}
	}
	return best;
}

static uint16_t read_pit(void)
{
	x86_out8(PIT_COMMAND, PIT_LATCH2);
	return read_latched();
}

static uint64_t hertz(uint64_t ticks, uint64_t pit_ticks)
{
	uint64_t hz = ticks * PIT_HZ / pit_ticks;

	return clock_snap(hz, 2 * hz / pit_ticks);
}

static void start_counting(volatile uint32_t *lapic)
{
	/* The channel's gate open, the speaker off. */
	x86_out8(PIT_GATE,
		 (uint8_t)((x86_in8(PIT_GATE) & ~(unsigned)PIT_SPEAKER) | 1));
	x86_out8(PIT_COMMAND, PIT_START2);
	x86_out8(PIT_CHANNEL2, 0xff);
	x86_out8(PIT_CHANNEL2, 0xff);
	lapic[LAPIC_TIMER_INITIAL] = UINT32_MAX;
}

static struct round measure(volatile uint32_t *lapic)
{
	struct round r;
	struct sample first, last;
	uint16_t passed;
	bool ran_out;

	start_counting(lapic);
	first = take_sample(lapic);
	while ((uint16_t)(first.pit - read_pit()) < WINDOW) {
		x86_pause();
	}
	last = take_sample(lapic);
	ran_out = (x86_in8(PIT_GATE) & PIT_OUT2) != 0;
	passed = (uint16_t)(first.pit - last.pit); /* it counts down */
	if (passed == 0) {
		passed = 1; /* it has run out */
	}
	r.f.tsc = hertz(last.tsc - first.tsc, passed);
	r.f.lapic = hertz(first.lapic - last.lapic, passed);
	r.doubt = ran_out ? DOUBT_ALL
			  : ((first.width + last.width) << 16) /
				    (last.tsc - first.tsc);
	return r;
}

/* Of those that ran out the lowest: the others are further off. */
static bool is_better(const struct round *a, const struct round *b)
{
	return a->doubt < b->doubt ||
	       (a->doubt == b->doubt && a->f.tsc < b->f.tsc);
}

static struct frequencies measure_well(volatile uint32_t *lapic)
{
	struct round best = measure(lapic);

	for (unsigned int i = 1; i < ROUNDS && best.doubt > DOUBT_NONE; i++) {
		struct round r = measure(lapic);

		if (is_better(&r, &best)) {
			best = r;
		}
	}
	lapic[LAPIC_TIMER_INITIAL] = 0;
	return best.f;
}

#define LEAF_TSC 0x15
#define LEAF_HYPERVISOR 0x40000000
#define LEAF_TIMING 0x40000010
#define FEATURE_HYPERVISOR (UINT32_C(1) << 31) /* leaf 1, ecx */

/* What the CPU says of its TSC, in Hz; 0: nothing. */
static uint64_t stated_tsc(void)
{
	if (x86_cpuid(0, 0).a >= LEAF_TSC) {
		struct cpuid r = x86_cpuid(LEAF_TSC, 0);

		if (r.a != 0 && r.b != 0 && r.c != 0) {
			return (uint64_t)r.c * r.b / r.a;
		}
	}
	if ((x86_cpuid(1, 0).c & FEATURE_HYPERVISOR) != 0) {
		uint32_t last = x86_cpuid(LEAF_HYPERVISOR, 0).a;

		if (last >= LEAF_TIMING && last < LEAF_HYPERVISOR + 0x100) {
			return x86_cpuid(LEAF_TIMING, 0).a * UINT64_C(1000);
		}
	}
	return 0;
}

struct frequencies calibrate(volatile uint32_t *lapic)
{
	struct frequencies f = measure_well(lapic);
	uint64_t stated = stated_tsc();

	if (stated != 0) {
		f.tsc = stated;
	}
	return f;
}

/* --- the date ---------------------------------------------------------------
 */

#define RTC_INDEX 0x70
#define RTC_DATA 0x71
#define RTC_SECONDS 0x00
#define RTC_MINUTES 0x02
#define RTC_HOURS 0x04
#define RTC_DAY 0x07
#define RTC_MONTH 0x08
#define RTC_YEAR 0x09
#define RTC_STATUS_A 0x0a
#define RTC_STATUS_B 0x0b
#define RTC_UPDATING 0x80
#define RTC_24_HOURS 0x02
#define RTC_BINARY 0x04
#define RTC_PM 0x80

static uint8_t read_cmos(uint8_t index)
{
	x86_out8(RTC_INDEX, index);
	return x86_in8(RTC_DATA);
}

struct date {
	uint8_t second, minute, hour, day, month, year;
};

static struct date read_date(void)
{
	return (struct date){
		.second = read_cmos(RTC_SECONDS),
		.minute = read_cmos(RTC_MINUTES),
		.hour = read_cmos(RTC_HOURS),
		.day = read_cmos(RTC_DAY),
		.month = read_cmos(RTC_MONTH),
		.year = read_cmos(RTC_YEAR),
	};
}

static bool same_date(const struct date *a, const struct date *b)
{
	return a->second == b->second && a->minute == b->minute &&
	       a->hour == b->hour && a->day == b->day && a->month == b->month &&
	       a->year == b->year;
}

static uint8_t plain(uint8_t v, bool binary)
{
	return binary ? v : (uint8_t)((v >> 4) * 10 + (v & 15));
}

uint64_t calibrate_read_rtc(void)
{
	uint8_t mode = read_cmos(RTC_STATUS_B);
	bool binary = mode & RTC_BINARY;
	struct date d, again;
	bool pm;
	unsigned int hour;

	/* Twice the same, or the update between the reads is taken apart. */
	again = read_date();
	for (unsigned int i = 0;; i++) {
		d = again;
		again = read_date();
		if (!(read_cmos(RTC_STATUS_A) & RTC_UPDATING) &&
		    same_date(&d, &again)) {
			break;
		}
		if (i == 10000) {
			return 0; /* there is no clock */
		}
	}
	pm = !(mode & RTC_24_HOURS) && (d.hour & RTC_PM);
	hour = plain((uint8_t)(pm ? d.hour & ~RTC_PM : d.hour), binary);
	if (!(mode & RTC_24_HOURS)) {
		hour = hour % 12 + (pm ? 12 : 0);
	}
	d.month = plain(d.month, binary);
	d.day = plain(d.day, binary);
	if (d.month < 1 || d.month > 12 || d.day < 1 || d.day > 31) {
		return 0;
	}
	return clock_seconds(2000u + plain(d.year, binary), d.month, d.day,
			     hour, plain(d.minute, binary),
			     plain(d.second, binary));
}
