/* SPDX-License-Identifier: MIT */
/*
 * The scheduler. Each vCPU lives on one CPU, given out in turn; each CPU lets
 * those of its own that can run have it one after the other, for a turn of 10
 * ms or until they wait. A CPU with none sleeps. There is one stack a CPU, so
 * the change is made where nothing is on it: on the way back to the guest,
 * with all its registers saved (work.c).
 *
 * A CPU that sleeps keeps the state, CR3 included, of the vCPU that it ran
 * last, and answers its flushes; mostly that is the one to run next.
 */
#include "hv/schedule/schedule.h"

#include "hv/cpu/clock.h"
#include "hv/cpu/cpu.h"
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

void schedule_add(struct vcpu *v)
{
	struct cpu *c = cpu_at(next_home);

	v->cpu = next_home;
	c->run[c->nr_run++] = v;
	c->turn_ends = CLOCK_NEVER;
	next_home = (next_home + 1) % cpus;
}

/* A domain that is to end needs one of its vCPUs for that. */
static bool can_run(const struct vcpu *v)
{
	return v->up && (!v->blocked || v->domain->stopping);
}

static struct vcpu *pick(struct cpu *c)
{
	for (unsigned int i = 1; i <= c->nr_run; i++) {
		unsigned int at = (c->last + i) % c->nr_run;

		if (can_run(c->run[at])) {
			c->last = at;
			return c->run[at];
		}
	}
	return NULL;
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
	}
	return v;
}

/* SCHEDOP_poll is over, for whatever reason. */
static void end_wait(struct vcpu *v)
{
	v->waited = v->blocked;
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

void schedule(void)
{
	struct cpu *c = cpu_here();
	struct vcpu *old = c->vcpu;
	struct vcpu *v;

	if (old != NULL) {
		old->work &= ~(uint32_t)VCPU_WORK_SCHED;
		time_runstate_change(old, state_of(old));
	}
	v = wait_for_one(c);
	if (v != old) {
		if (old != NULL) {
			state_save(old);
		}
		state_load(v);
	}
	end_wait(v);
	time_runstate_change(v, RUNSTATE_running);
	time_runstate_publish(v);
	c->turn_ends = c->nr_run > 1 ? clock_now() + TURN : CLOCK_NEVER;
	if (c->nr_run > 1) {
		timer_load();
	}
}
