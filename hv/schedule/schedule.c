/* SPDX-License-Identifier: MIT */
/*
 * The scheduler. Each vCPU lives on one CPU, given out in turn. Each CPU counts
 * how long the domains had it: of those that can run, the one that had it least
 * has it next, and within a domain one vCPU after the other, each for a turn of
 * 10 ms or until it waits. A domain that waited gets no more than two turns
 * ahead of the others for it; so neither many vCPUs, nor waking often, nor
 * having slept for long gives a domain more than its share.
 *
 * A CPU with nobody to run sleeps. There is one stack a CPU, so the change is
 * made where nothing is on it: on the way back to the guest, with all its
 * registers saved (work.c).
 *
 * A CPU that sleeps keeps the state, CR3 included, of the vCPU that it ran
 * last, and answers its flushes; mostly that is the one to run next. It keeps
 * nothing of a domain that ends.
 */
#include "hv/schedule/schedule.h"

#include "hv/cpu/clock.h"
#include "hv/cpu/cpu.h"
#include "hv/cpu/flush.h"
#include "hv/cpu/lock.h"
#include "hv/cpu/slice.h"
#include "hv/cpu/x86.h"
#include "hv/domain/domain.h"
#include "hv/services/guest_time.h"
#include "hv/services/timer.h"
#include "hv/vcpu/state.h"
#include "hv/vcpu/vcpu.h"

#define TURN UINT64_C(10000000)

static unsigned int cpus = 1;
static unsigned int next_home;

void schedule_cpus(unsigned int nr)
{
	cpus = nr;
}

void schedule_begin(void)
{
	nr_cpus = cpus;
}

static void join(struct vcpu *v)
{
	struct cpu *c = cpu_at(v->cpu);

	c->run[c->nr_run++] = v;
	c->turn_ends = CLOCK_NEVER;
}

void schedule_add(struct vcpu *v)
{
	v->cpu = next_home;
	join(v);
	next_home = (next_home + 1) % cpus;
}

void schedule_remove(const struct vcpu *v)
{
	struct cpu *c = cpu_at(v->cpu);

	for (unsigned int i = 0; i < c->nr_run; i++) {
		if (c->run[i] == v) {
			c->run[i] = c->run[--c->nr_run];
			return;
		}
	}
}

/* A domain that is to end needs one of its vCPUs for that, and no other. */
static bool can_run(const struct vcpu *v)
{
	const struct domain *d = v->domain;

	if (!d->stopping) {
		return v->up && !v->blocked;
	}
	if (d->reaper == NULL) {
		return v->up;
	}
	return v == d->reaper && !(d->ending == DOMAIN_ZOMBIE && v->blocked);
}

/* What its domain had of this CPU; having waited is no claim to the past. */
static uint64_t used_of(const struct cpu *c, const struct vcpu *v)
{
	uint64_t *used = &v->domain->used[c->id];

	if (*used + TURN < c->floor) {
		*used = c->floor - TURN;
	}
	return *used;
}

static struct vcpu *pick(struct cpu *c)
{
	struct vcpu *best = NULL;
	unsigned int last = c->last;

	for (unsigned int i = 1; i <= c->nr_run; i++) {
		unsigned int at = (last + i) % c->nr_run;
		struct vcpu *v = c->run[at];

		if (can_run(v) &&
		    (best == NULL || used_of(c, v) < used_of(c, best))) {
			best = v;
			c->last = at;
		}
	}
	if (best != NULL && used_of(c, best) > c->floor) {
		c->floor = used_of(c, best);
	}
	return best;
}

static void account(struct cpu *c, uint64_t now)
{
	uint64_t *used;

	if (c->vcpu != NULL && now > c->since) {
		used = &c->vcpu->domain->used[c->id];
		*used += now - c->since;
		/* More than a turn is what nobody else wanted at that time. */
		if (*used > c->floor + TURN) {
			c->floor = *used - TURN;
		}
	}
	c->since = now;
}

bool schedule_elsewhere(const struct domain *d)
{
	for (unsigned int i = 0; i < nr_cpus; i++) {
		const struct vcpu *v = cpu_at(i)->vcpu;

		if (v != NULL && v->domain == d && i != cpu_here()->id) {
			return true;
		}
	}
	return false;
}

/* What never runs again is not kept in the CPU either; where it was is told. */
static void leave_dead(struct cpu *c)
{
	struct vcpu *v = c->vcpu;

	if (v != NULL && v->domain->stopping && v->domain->reaper != NULL &&
	    v->domain->reaper != v) {
		state_save(v);
		schedule_leave();
	}
}

void schedule_leave(void)
{
	struct cpu *c = cpu_here();

	flush_switch(TAG_NONE, c->own_root);
	c->vcpu = NULL;
}

bool schedule_others_wait(void)
{
	const struct cpu *c = cpu_here();

	for (unsigned int i = 0; i < c->nr_run; i++) {
		if (c->run[i] != c->vcpu && can_run(c->run[i])) {
			return true;
		}
	}
	return false;
}

static int state_of(const struct vcpu *v)
{
	if (!v->up) {
		return RUNSTATE_offline;
	}
	return v->blocked ? RUNSTATE_blocked : RUNSTATE_runnable;
}

static struct vcpu *wait_for_one(struct cpu *c)
{
	struct vcpu *v;

	while ((v = pick(c)) == NULL) {
		machine_unlock();
		slice_leave();
		x86_idle();
		slice_begin();
		machine_lock();
		leave_dead(c);
		c->since = clock_now();
	}
	return v;
}

/* SCHEDOP_poll is over, for whatever reason. */
static void end_wait(struct vcpu *v)
{
	v->waited |= v->blocked;
	v->blocked = false;
	if (v->event.polling) {
		v->event.polling = false;
		v->domain->event.nr_pollers--;
	}
	if (v->poll_timed) {
		v->poll_timed = false;
		timer_set(v, DEADLINE_POLL, TIME_NEVER, clock_now());
	}
}

static void change(struct cpu *c, struct vcpu *v)
{
	if (c->vcpu == v) {
		return;
	}
	if (c->vcpu != NULL) {
		state_save(c->vcpu);
	}
	state_load(v);
}

void schedule(void)
{
	struct cpu *c = cpu_here();
	struct vcpu *v;

	account(c, clock_now());
	leave_dead(c);
	if (c->vcpu != NULL) {
		vcpu_work_take(c->vcpu, VCPU_WORK_SCHED);
		time_runstate_change(c->vcpu, state_of(c->vcpu));
	}
	v = wait_for_one(c);
	change(c, v);
	end_wait(v);
	time_runstate_change(v, RUNSTATE_running);
	if (!v->domain->stopping) {
		time_vcpu_runs(v);
	}
	c->turn_ends = c->nr_run > 1 ? clock_now() + TURN : CLOCK_NEVER;
	if (c->nr_run > 1) {
		timer_load();
	}
}
