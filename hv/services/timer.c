/* SPDX-License-Identifier: MIT */
/*
 * Deadlines. Each vCPU has a handful and the timer of its CPU is set, one
 * shot, for the earliest of all that live there. A timer that fires early,
 * because the counter could not hold the whole way or the clocks differ by a
 * tick, finds nothing due and is set again; so a deadline is never missed and
 * never announced before its time.
 */
#include "hv/services/timer.h"

#include "hv/cpu/clock.h"
#include "hv/cpu/cpu.h"
#include "hv/cpu/ipi.h"
#include "hv/domain/domain.h"
#include "hv/domain/stop.h"
#include "hv/services/deliver.h"
#include "hv/services/guest_time.h"
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

/* Of all that live on this CPU, the end of the turn, and the consoles'. */
static void load(const struct cpu *c, uint64_t now)
{
	uint64_t earliest = c->turn_ends;

	if (c->again != 0 && c->again < earliest) {
		earliest = c->again;
	}
	for (unsigned int i = 0; i < c->nr_run; i++) {
		if (c->run[i]->time.earliest < earliest) {
			earliest = c->run[i]->time.earliest;
		}
	}
	clock_set_timer(earliest, now);
}

static void update(struct vcpu *v, uint64_t now)
{
	uint64_t earliest = find_earliest(&v->time);

	if (earliest == v->time.earliest) {
		return;
	}
	v->time.earliest = earliest;
	if (v->cpu == cpu_here()->id) {
		load(cpu_here(), now);
	} else {
		ipi_wake(v->cpu); /* it sets its own */
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
		v->poll_timed = false;
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

static void expire(struct vcpu *v, uint64_t now)
{
	if (v->time.earliest > now) {
		return;
	}
	for (unsigned int i = 0; i < DEADLINES; i++) {
		if (v->time.deadline[i] <= now) {
			deadline_reached(v, (enum time_deadline)i, now);
		}
	}
	v->time.earliest = find_earliest(&v->time);
}

void timer_come_back(uint64_t later)
{
	struct cpu *c = cpu_here();

	if (c->again == 0) {
		const uint64_t now = clock_now();

		c->again = now + later;
		load(c, now);
	}
}

unsigned int timer_interrupt(void)
{
	struct cpu *c = cpu_here();
	uint64_t now = clock_now();
	unsigned int due = 0;

	lapic_registers()[LAPIC_EOI] = 0;
	for (unsigned int i = 0; i < c->nr_run; i++) {
		expire(c->run[i], now);
	}
	if (c->turn_ends <= now) {
		c->turn_ends = CLOCK_NEVER;
		due |= TIMER_TURN_ENDED;
	}
	if (c->again != 0 && c->again <= now) {
		c->again = 0;
		due |= TIMER_CAME_BACK;
	}
	if (c->vcpu != NULL) {
		time_renew(c->vcpu, now);
	}
	load(c, now);
	return due;
}

void timer_load(void)
{
	load(cpu_here(), clock_now());
}

void timer_set(struct vcpu *v, enum time_deadline which, uint64_t when,
	       uint64_t now)
{
	v->time.deadline[which] = when;
	update(v, now);
}
