/* SPDX-License-Identifier: MIT */
/*
 * Deadlines. Each vCPU has a handful and the timer of its CPU is set, one
 * shot, for the earliest. A timer that fires early, because the counter could
 * not hold the whole way or the clocks differ by a tick, finds nothing due and
 * is set again; so a deadline is never missed and never announced before its
 * time.
 */
#include "hv/services/timer.h"

#include "hv/cpu/clock.h"
#include "hv/cpu/cpu.h"
#include "hv/domain/domain.h"
#include "hv/domain/stop.h"
#include "hv/services/deliver.h"
#include "hv/cpu/lapic.h"
#include "hv/vcpu/vcpu.h"

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
			clock_set_timer(earliest, now);
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

void timer_interrupt(struct vcpu *v)
{
	uint64_t now = clock_now();

	lapic_registers()[LAPIC_EOI] = 0;
	if (v == NULL) {
		return;
	}
	if (v->time.earliest > now) {
		clock_set_timer(v->time.earliest, now);
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

void timer_load(struct vcpu *v)
{
	clock_set_timer(v->time.earliest, clock_now());
}

void timer_set(struct vcpu *v, enum time_deadline which, uint64_t when,
	       uint64_t now)
{
	v->time.deadline[which] = when;
	update(v, now);
}
