/* SPDX-License-Identifier: MIT */
/*
 * System time, and deadlines.
 *
 * System time is the TSC since boot, scaled. Guests scale it with the same
 * numbers (guest_time.c), so what they read is what is compared here.
 *
 * Each vCPU has a handful of deadlines and the local APIC's timer of its CPU
 * is set, one shot, for the earliest. A timer that fires early, because the
 * counter could not hold the whole way or the clocks differ by a tick, finds
 * nothing due and is set again; so a deadline is never missed and never
 * announced before its time.
 */
#include "emul/clock.h"
#include "hv/cpu/cpu.h"
#include "hv/domain/domain.h"
#include "hv/domain/stop.h"
#include "hv/report/log.h"
#include "hv/services/deliver.h"
#include "hv/cpu/calibrate.h"
#include "hv/cpu/lapic.h"
#include "hv/cpu/pic.h"
#include "hv/vcpu/vcpu.h"
#include "hv/cpu/x86.h"

#define SPURIOUS_VECTOR 0xff

/* Written at boot only. */
static struct {
	uint64_t tsc_base;
	uint64_t tsc_hz;
	struct clock_scale tsc_to_ns;
	struct clock_scale ns_to_lapic;
	uint64_t wallclock;       /* s since 1970 at tsc_base */
	volatile uint32_t *lapic; /* at the same address on every CPU */
} clock;

uint64_t time_now(void)
{
	return clock_scale_apply(clock.tsc_to_ns, x86_rdtsc() - clock.tsc_base);
}

uint64_t time_tsc_khz(void)
{
	return clock.tsc_hz / 1000;
}

uint64_t time_wallclock_base(void)
{
	return clock.wallclock;
}

void time_clock(struct vcpu_time_info *ret_clock)
{
	*ret_clock = (struct vcpu_time_info){
		.tsc_timestamp = clock.tsc_base,
		.system_time = 0,
		.tsc_to_system_mul = clock.tsc_to_ns.mul,
		.tsc_shift = clock.tsc_to_ns.shift,
		/* One clock for all CPUs: what is read never goes back. */
		.flags = XEN_PVCLOCK_TSC_STABLE_BIT,
	};
}

void time_init(void)
{
	struct frequencies f;

	clock.lapic = cpu_lapic();
	pic_init();
	time_cpu_init();
	clock.lapic[LAPIC_TIMER_INITIAL] = UINT32_MAX;
	f = calibrate(clock.lapic);
	clock.lapic[LAPIC_TIMER_INITIAL] = 0;
	clock.tsc_hz = f.tsc;
	clock.tsc_to_ns = clock_scale_make(f.tsc, UINT64_C(1000000000));
	clock.ns_to_lapic = clock_scale_make(UINT64_C(1000000000), f.lapic);
	clock.wallclock = calibrate_read_rtc();
	clock.tsc_base = x86_rdtsc();
	log_info("TSC %llu kHz, local APIC timer %llu kHz",
		 (unsigned long long)f.tsc / 1000,
		 (unsigned long long)f.lapic / 1000);
}

void time_cpu_init(void)
{
	volatile uint32_t *lapic = clock.lapic;

	lapic[LAPIC_TPR] = 0;
	lapic[LAPIC_SPURIOUS] = LAPIC_ENABLE | SPURIOUS_VECTOR;
	lapic[LAPIC_LVT_ERROR] = LAPIC_MASKED;
	lapic[LAPIC_LVT_LINT0] = LAPIC_EXTINT; /* the 8259s */
	lapic[LAPIC_LVT_LINT1] = LAPIC_NMI;
	lapic[LAPIC_TIMER_DIVIDE] = LAPIC_UNDIVIDED;
	lapic[LAPIC_LVT_TIMER] = TIME_VECTOR; /* one shot */
}

/* Sets the CPU's timer. */
static void program(uint64_t when, uint64_t now)
{
	uint64_t ticks = 0; /* off */

	if (when != TIME_NEVER) {
		uint64_t away = when > now ? when - now : 0;

		ticks = UINT32_MAX;
		if (away < UINT64_C(1) << 40) {
			ticks = clock_scale_apply(clock.ns_to_lapic, away) + 1;
		}
		if (ticks > UINT32_MAX) {
			ticks = UINT32_MAX;
		}
	}
	clock.lapic[LAPIC_TIMER_INITIAL] = (uint32_t)ticks;
}

static uint64_t find_earliest(const struct time_vcpu *t)
{
	uint64_t earliest = TIME_NEVER;

	for (unsigned int i = 0; i < DEADLINES; i++) {
		if (t->deadline[i] < earliest) {
			earliest = t->deadline[i];
		}
	}
	return earliest;
}

static void update(struct vcpu *v, uint64_t now)
{
	uint64_t earliest = find_earliest(&v->time);

	/* Another CPU sets its timer when it next loads the vCPU. */
	if (earliest != v->time.earliest) {
		v->time.earliest = earliest;
		if (v == current) {
			program(earliest, now);
		}
	}
}

static void deadline_reached(struct vcpu *v, enum time_deadline which,
			     uint64_t now)
{
	struct time_vcpu *t = &v->time;

	t->deadline[which] = TIME_NEVER;
	switch (which) {
	case DEADLINE_PERIODIC:
		/* Ticks that nobody could see are not made up for. */
		t->deadline[which] = now + t->period;
		event_virq(v, VIRQ_TIMER);
		break;
	case DEADLINE_SINGLESHOT:
		event_virq(v, VIRQ_TIMER);
		break;
	case DEADLINE_POLL:
		vcpu_wake(v);
		break;
	case DEADLINE_WATCHDOG0:
	case DEADLINE_WATCHDOG1:
		domain_shutdown(v->domain, SHUTDOWN_watchdog);
		break;
	case DEADLINES:
		break;
	}
}

void time_interrupt(struct vcpu *v)
{
	uint64_t now = time_now();

	clock.lapic[LAPIC_EOI] = 0;
	if (v == NULL) {
		return;
	}
	if (v->time.earliest > now) {
		program(v->time.earliest, now);
		return;
	}
	for (unsigned int i = 0; i < DEADLINES; i++) {
		if (v->time.deadline[i] <= now) {
			deadline_reached(v, (enum time_deadline)i, now);
		}
	}
	v->time.earliest = TIME_NEVER;
	update(v, now);
}

void time_vcpu_load(struct vcpu *v)
{
	program(v->time.earliest, time_now());
}

void time_set_deadline(struct vcpu *v, enum time_deadline which, uint64_t when,
		       uint64_t now)
{
	v->time.deadline[which] = when;
	update(v, now);
}
