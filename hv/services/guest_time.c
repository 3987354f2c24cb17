/* SPDX-License-Identifier: MIT */
/*
 * Time as the guest sees it: the clock in its vcpu_info, the wall clock, its
 * timers, and the record of how long its vCPUs ran and waited.
 *
 * A 64-bit guest's numbers of the clock never change after boot, so they are
 * written where it will look, once, under the version protocol of the ABI. A
 * 32-bit guest may count from them in 32 bits of nanoseconds (Mini-OS does),
 * which last for 4.29 s: there they begin anew each second, as with Xen.
 */
#include "hv/services/guest_time.h"

#include "engine/port.h"
#include "engine/request/form.h"
#include "hv/cpu/clock.h"
#include "hv/cpu/cpu.h"
#include "hv/domain/domain.h"
#include "hv/mm/layout.h"
#include "hv/services/deliver.h"
#include "hv/services/timer.h"
#include "hv/vcpu/vcpu.h"

#define MILLISECOND UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)
/* Xen's limit of a period, and of what set_timer_op takes for an absolute
 * time that was meant: about thirteen days. */
#define PERIOD_MAX (SECOND * 60 * 60 * 24 * 365)
#define FAR_FUTURE (UINT64_C(1) << 50)

static void make_clock(const struct vcpu *v, struct vcpu_time_info *ret)
{
	if (v->narrow) {
		clock_guest_moved(ret);
	} else {
		clock_guest(ret);
	}
}

static void write_clock(struct vcpu_time_info *to, struct vcpu_time_info t)
{
	uint32_t version = __atomic_load_n(&to->version, __ATOMIC_RELAXED) | 1;

	t.version = version;
	__atomic_store_n(&to->version, version, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	*to = t;
	__atomic_store_n(&to->version, version + 1, __ATOMIC_RELEASE);
}

void time_publish(struct vcpu *v)
{
	struct vcpu_info *shared;
	struct vcpu_time_info t;

	make_clock(v, &t);
	v->time.published = t.system_time;
	write_clock(&v->event.info->time, t);
	if (v->id >= XEN_LEGACY_MAX_VCPUS) {
		return;
	}
	shared = &v->domain->shared_info->vcpu_info[v->id];
	if (shared != v->event.info) {
		write_clock(&shared->time, t);
	}
}

void time_domain_init(struct domain *d)
{
	struct shared_info *si = d->shared_info;
	struct shared_info_32 *si_32 = (void *)si;
	const bool narrow = d->mmu.narrow;
	uint32_t *version = narrow ? &si_32->wc_version : &si->wc_version;
	uint64_t base = clock_wallclock_base();

	*version = 1;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	*(narrow ? &si_32->wc_sec : &si->wc_sec) = (uint32_t)base;
	*(narrow ? &si_32->wc_sec_hi : &si->wc_sec_hi) = (uint32_t)(base >> 32);
	*(narrow ? &si_32->wc_nsec : &si->wc_nsec) = 0;
	__atomic_store_n(version, 2, __ATOMIC_RELEASE);
}

/* A tick of 100 Hz, until the guest says otherwise: 0 is none. */
void time_vcpu_up(struct vcpu *v)
{
	uint64_t now = clock_now();

	if (v->time.period != 0) {
		timer_set(v, DEADLINE_PERIODIC, now + v->time.period, now);
	}
}

void time_vcpu_end(struct vcpu *v)
{
	for (unsigned int i = 0; i < DEADLINES; i++) {
		v->time.deadline[i] = TIME_NEVER;
	}
	v->time.earliest = TIME_NEVER;
}

void time_vcpu_init(struct vcpu *v)
{
	uint64_t now = clock_now();

	time_vcpu_end(v);
	v->time.runstate.state =
		v->id == 0 ? RUNSTATE_running : RUNSTATE_offline;
	v->time.runstate.state_entry_time = now;
	/* A PV vCPU starts with a tick of 100 Hz. */
	v->time.period = 10 * MILLISECOND;
	if (v->id == 0) {
		time_vcpu_up(v);
	}
	time_publish(v);
}

/* --- run states ---------------------------------------------------------- */

static void runstate_account(struct vcpu_runstate_info *r, uint64_t now)
{
	if (now > r->state_entry_time) {
		r->time[r->state] += now - r->state_entry_time;
		r->state_entry_time = now;
	}
}

void time_runstate_change(struct vcpu *v, int state)
{
	runstate_account(&v->time.runstate, clock_now());
	v->time.runstate.state = state;
}

/* The state, of 32 bits, stands as in a word. */
static const struct form form_runstate = {
	.wide = sizeof(struct vcpu_runstate_info),
	.narrow = 44,
	.words = 1 << 0,
};
/* An address in a union with 64 bits. */
static const struct form form_area = {.wide = 8, .narrow = 4, .words = 1 << 0};
static const struct form form_singleshot = {
	.wide = sizeof(struct vcpu_set_singleshot_timer),
	.narrow = 12,
};

/*
 * The guest's copy. It is the vCPU's own, and written while it does not run,
 * so only another vCPU of the domain could see it half written; for those the
 * guest can ask for a mark in it (VMASST_TYPE_runstate_update_flag). A copy
 * that cannot be written is the guest's loss.
 */
void time_runstate_publish(struct vcpu *v)
{
	uint64_t to = v->time.runstate_area;
	struct vcpu_runstate_info r = v->time.runstate;
	uint64_t at = to + (v->narrow ? sizeof(uint32_t)
				      : offsetof(struct vcpu_runstate_info,
						 state_entry_time));
	bool mark = v->domain->nr_vcpus > 1 &&
		    (v->domain->vm_assist &
		     (1u << VMASST_TYPE_runstate_update_flag));

	if (to == 0) {
		return;
	}
	if (mark) {
		r.state_entry_time |= XEN_RUNSTATE_UPDATE;
		if (port_copy_out(&v->mmu, at, &r.state_entry_time,
				  sizeof(r.state_entry_time)) != 0) {
			return;
		}
	}
	(void)!form_out(&v->mmu, &form_runstate, to, &r);
	if (mark) {
		/* Also where the rest is gone: who reads it waits for that. */
		r.state_entry_time &= ~XEN_RUNSTATE_UPDATE;
		(void)!port_copy_out(&v->mmu, at, &r.state_entry_time,
				     sizeof(r.state_entry_time));
	}
}

static int64_t get_runstate(struct vcpu *caller, const struct vcpu *v,
			    uint64_t to)
{
	struct vcpu_runstate_info r = v->time.runstate;

	runstate_account(&r, clock_now());
	return form_out(&caller->mmu, &form_runstate, to, &r);
}

static int64_t register_runstate(struct vcpu *caller, struct vcpu *v,
				 uint64_t from)
{
	uint64_t area;

	if (form_in(&caller->mmu, &form_area, &area, from) != 0 ||
	    !guest_range_ok(area, sizeof(struct vcpu_runstate_info))) {
		return -XEN_EFAULT;
	}
	v->time.runstate_area = area;
	if (v == caller) {
		time_runstate_publish(v);
	}
	return 0;
}

/* What was there is the vCPU's own, which does not run meanwhile. */
static void write_time_area(struct vcpu *v)
{
	struct vcpu_time_info t;

	make_clock(v, &t);
	t.version = 2;
	v->time.time_owed = false;
	if (v->time.time_area != 0 &&
	    port_copy_out(&v->mmu, v->time.time_area, &t, sizeof(t)) != 0) {
		v->time.time_area = 0; /* nothing there to keep a clock in */
	}
}

void time_renew(struct vcpu *v, uint64_t now)
{
	if (v->narrow && !v->domain->stopping &&
	    now - v->time.published >= SECOND) {
		time_publish(v);
		write_time_area(v);
	}
}

void time_vcpu_runs(struct vcpu *v)
{
	time_runstate_publish(v);
	time_renew(v, clock_now());
	if (v->time.time_owed) {
		write_time_area(v);
	}
}

/* Another vCPU's is an address of that one's, and written when it runs. */
static int64_t register_time(struct vcpu *caller, struct vcpu *v, uint64_t from)
{
	uint64_t area;

	if (form_in(&caller->mmu, &form_area, &area, from) != 0 ||
	    !guest_range_ok(area, sizeof(struct vcpu_time_info))) {
		return -XEN_EFAULT;
	}
	v->time.time_area = area;
	v->time.time_owed = v != caller;
	if (v == caller) {
		write_time_area(v);
	}
	return 0;
}

/* --- timers --------------------------------------------------------------- */

static int64_t set_singleshot(struct vcpu *v, uint64_t from)
{
	struct vcpu_set_singleshot_timer set;
	uint64_t now;

	if (form_in(&v->mmu, &form_singleshot, &set, from) != 0) {
		return -XEN_EFAULT;
	}
	now = clock_now();
	if (set.timeout_abs_ns >= now) {
		timer_set(v, DEADLINE_SINGLESHOT, set.timeout_abs_ns, now);
		return 0;
	}
	if (set.flags & VCPU_SSHOTTMR_future) {
		return -XEN_ETIME;
	}
	timer_set(v, DEADLINE_SINGLESHOT, TIME_NEVER, now);
	event_virq(v, VIRQ_TIMER);
	return 0;
}

static int64_t set_periodic(struct vcpu *caller, struct vcpu *v, uint64_t from)
{
	struct vcpu_set_periodic_timer set;
	uint64_t now;

	if (port_copy_in(&caller->mmu, &set, from, sizeof(set)) != 0) {
		return -XEN_EFAULT;
	}
	if (set.period_ns < MILLISECOND || set.period_ns > PERIOD_MAX) {
		return -XEN_EINVAL;
	}
	now = clock_now();
	v->time.period = set.period_ns;
	timer_set(v, DEADLINE_PERIODIC, now + set.period_ns, now);
	return 0;
}

static int64_t stop_timer(struct vcpu *v, enum time_deadline which)
{
	timer_set(v, which, TIME_NEVER, clock_now());
	return 0;
}

int64_t time_vcpu_op(struct vcpu *caller, struct vcpu *v, unsigned int cmd,
		     uint64_t argument)
{
	switch (cmd) {
	case VCPUOP_set_singleshot_timer:
		return v == caller ? set_singleshot(v, argument) : -XEN_EINVAL;
	case VCPUOP_stop_singleshot_timer:
		return v == caller ? stop_timer(v, DEADLINE_SINGLESHOT)
				   : -XEN_EINVAL;
	case VCPUOP_set_periodic_timer:
		return set_periodic(caller, v, argument);
	case VCPUOP_stop_periodic_timer:
		v->time.period = 0;
		return stop_timer(v, DEADLINE_PERIODIC);
	case VCPUOP_get_runstate_info:
		return get_runstate(caller, v, argument);
	case VCPUOP_register_runstate_memory_area:
		return register_runstate(caller, v, argument);
	case VCPUOP_register_vcpu_time_memory_area:
		return register_time(caller, v, argument);
	default:
		return -XEN_ENOSYS;
	}
}

int64_t hc_set_timer_op(struct vcpu *v, uint64_t arg[6])
{
	uint64_t when = arg[0];
	uint64_t now = clock_now();

	if (when == 0) {
		when = TIME_NEVER;
	} else if (when > now && when - now >= FAR_FUTURE) {
		/*
		 * Kernels compute such times when theirs wrap, or when they
		 * have no timer at all: soon is right for both.
		 */
		when = now + 100 * MILLISECOND;
	}
	timer_set(v, DEADLINE_SINGLESHOT, when, now);
	return 0;
}

/* Its 64 bits come in two registers. */
int64_t hc_set_timer_op_32(struct vcpu *v, uint64_t arg[6])
{
	uint64_t wide[6] = {(arg[0] & UINT32_MAX) | arg[1] << 32};

	return hc_set_timer_op(v, wide);
}

int64_t time_watchdog(struct domain *d, uint32_t id, uint32_t seconds)
{
	uint64_t now = clock_now();
	int64_t result = 0;

	if (id > TIME_WATCHDOGS || (id == 0 && seconds == 0)) {
		return -XEN_EINVAL;
	}
	if (id == 0) {
		while (id < TIME_WATCHDOGS && d->time.watchdog[id]) {
			id++;
		}
		if (id == TIME_WATCHDOGS) {
			return -XEN_ENOSPC;
		}
		result = ++id;
	} else if (!d->time.watchdog[id - 1]) {
		return -XEN_EINVAL;
	}
	id--;
	d->time.watchdog[id] = seconds != 0;
	timer_set(d->vcpu[0], DEADLINE_WATCHDOG0 + id,
		  seconds != 0 ? now + seconds * SECOND : TIME_NEVER, now);
	return result;
}
