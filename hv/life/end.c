/* SPDX-License-Identifier: MIT */
/*
 * The end of a domain. It is audited twice: as it was when it stopped, and
 * when everything it held has been returned, when not one reference may be
 * left.
 *
 * One of its vCPUs carries the end out, its reaper: where it had gone back to
 * the guest, it takes a step of the end instead. So the work is done in the
 * domain's own share of the CPU, as its guest's was, while other domains run
 * on. The others of its vCPUs leave the CPUs first.
 *
 * What others still map of its memory keeps a dead domain in the table. When
 * nobody does it is forgotten, and may be made again; the machine ends with
 * the last that is not.
 */
#include "abi/control.h"
#include "hv/life/end.h"

#include "builder/error.h"
#include "hv/report/audit.h"
#include "hv/cpu/alone.h"
#include "hv/cpu/flush.h"
#include "hv/cpu/ipi.h"
#include "hv/cpu/slice.h"
#include "hv/mm/paging.h"
#include "hv/record/record.h"
#include "hv/report/control.h"
#include "hv/domain/domain.h"
#include "hv/domain/stop.h"
#include "hv/life/create.h"
#include "hv/life/services.h"
#include "hv/report/crash.h"
#include "hv/report/dump.h"
#include "hv/report/log.h"
#include "hv/report/machine.h"
#include "hv/report/recent.h"
#include "hv/report/refused.h"
#include "hv/report/stack.h"
#include "hv/report/summary.h"
#include "hv/schedule/schedule.h"
#include "hv/services/grant_map.h"
#include "hv/services/timer.h"
#include "hv/services/xenstore.h"
#include "hv/vcpu/vcpu.h"
#include "hv/cpu/x86.h"

#define ENDING_WORK (VCPU_WORK_STOP | VCPU_WORK_SCHED)
/* Between two looks at whether a dead domain is forgotten. */
#define ZOMBIE_NS UINT64_C(100000000)

static const char *reason_name(unsigned int reason)
{
	static const char *const names[] = {
		[SHUTDOWN_poweroff] = "poweroff",
		[SHUTDOWN_reboot] = "reboot",
		[SHUTDOWN_suspend] = "suspend",
		[SHUTDOWN_crash] = "crash",
		[SHUTDOWN_watchdog] = "watchdog",
		[SHUTDOWN_soft_reset] = "soft_reset",
	};

	switch (reason) {
	case DOMAIN_HALTED:
		return "halted";
	case DOMAIN_BROKEN:
	case DOMAIN_ENDED:
		return "stopped";
	default:
		return reason < sizeof(names) / sizeof(names[0]) ? names[reason]
								 : "crash";
	}
}

static enum control_exit exit_value(const struct domain *d)
{
	switch (d->shutdown) {
	case SHUTDOWN_poweroff:
		return CONTROL_EXIT_POWEROFF;
	case SHUTDOWN_reboot:
		return CONTROL_EXIT_REBOOT;
	case DOMAIN_BROKEN:
	case DOMAIN_ENDED:
		return CONTROL_EXIT_BROKEN;
	default:
		return CONTROL_EXIT_CRASH;
	}
}

/* The word of the report on the console; NULL: there is none to be made. */
static const char *how_ended(const struct domain *d)
{
	switch (d->shutdown) {
	case SHUTDOWN_poweroff:
	case SHUTDOWN_reboot:
	case DOMAIN_ENDED:
		return NULL;
	case DOMAIN_HALTED:
		return "halted";
	case DOMAIN_BROKEN:
		return "stopped";
	default:
		return "crashed";
	}
}

static const char *state_name(const struct vcpu *v)
{
	if (v->waited || v->blocked) {
		return "waiting";
	}
	return v->up || v->domain->shutdown == DOMAIN_HALTED ? "running"
							     : "down";
}

/* Where a vCPU is; r: its registers. */
static void tell_place(const struct vcpu *v, const struct regs *r)
{
	const struct vcpu_info *info = v->event.info;

	control_begin(EVENT_PLACE);
	control_number(PLACE_DOMAIN, v->domain->mmu.domid);
	control_number(PLACE_VCPU, v->id);
	control_text(PLACE_STATE, state_name(v));
	control_text(PLACE_MODE, v->kernel_mode ? "kernel" : "user");
	control_flag(PLACE_PENDING, info->evtchn_upcall_pending != 0);
	control_flag(PLACE_MASKED, info->evtchn_upcall_mask != 0);
	recent_tell(v);
	if (v->initialised) {
		control_hex(PLACE_RIP, r->rip);
		stack_tell(PLACE_STACK, v, r);
	}
	control_end();
}

/* One has the CPU, with those registers; all others have left theirs. */
static void tell_places(const struct vcpu *here, const struct regs *r)
{
	const struct domain *d = here->domain;

	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		const struct vcpu *v = d->vcpu[i];

		tell_place(v, v == here ? r : &v->saved.regs);
	}
}

static void tell_crash(const struct vcpu *v, const struct regs *r,
		       const char *reason)
{
	control_begin(EVENT_CRASH);
	control_number(CRASH_DOMAIN, v->domain->mmu.domid);
	control_text(CRASH_REASON, reason);
	control_hex(CRASH_RIP, r->rip);
	control_number(CRASH_VCPU, v->id);
	stack_tell(CRASH_STACK, v, r);
	control_end();
}

static void report(struct vcpu *v, const struct regs *r)
{
	const struct domain *d = v->domain;
	const char *how = how_ended(d);
	const char *reason = d->crash_reason != NULL ? d->crash_reason
						     : reason_name(d->shutdown);

	if (how != NULL) {
		crash_report(v, r, how, reason);
		tell_places(v, r);
	}
	if (exit_value(d) == CONTROL_EXIT_CRASH) {
		tell_crash(v, r, reason);
	}
	control_begin(EVENT_SHUTDOWN);
	control_number(SHUTDOWN_DOMAIN, d->mmu.domid);
	control_text(SHUTDOWN_REASON, reason_name(d->shutdown));
	control_end();
}

/* --- the machine's end --------------------------------------------------- */

/* The worse, the higher. */
static unsigned int severity(enum control_exit e)
{
	switch (e) {
	case CONTROL_EXIT_POWEROFF:
		return 0;
	case CONTROL_EXIT_REBOOT:
		return 1;
	case CONTROL_EXIT_BROKEN:
		return 2;
	case CONTROL_EXIT_CRASH:
		return 3;
	case CONTROL_EXIT_FAILED:
		break;
	}
	return 4;
}

static enum control_exit worst = CONTROL_EXIT_POWEROFF;

/* A reboot that is carried out is no bad end. */
static bool begins_again(const struct domain *d)
{
	const enum control_exit e = exit_value(d);

	return !stop_all && d->lives <= d->config->restarts &&
	       (e == CONTROL_EXIT_REBOOT || e == CONTROL_EXIT_CRASH);
}

static void note_exit(const struct domain *d)
{
	const enum control_exit e = exit_value(d);

	if (severity(e) > severity(worst) &&
	    !(e == CONTROL_EXIT_REBOOT && begins_again(d))) {
		worst = e;
	}
}

/* Is there another domain that runs, or will? */
static bool others_left(const struct domain *d)
{
	for (unsigned int i = 0; i < DOMAINS; i++) {
		const struct domain *o = domain_at(i);

		if (o != NULL && o != d &&
		    (o->ending != DOMAIN_ZOMBIE || begins_again(o))) {
			return true;
		}
	}
	return false;
}

static void end_if_last(const struct domain *d)
{
	if (!others_left(d)) {
		ipi_stop_others();
		machine_lock_break(); /* none of them takes it from us */
		machine_end(worst);
	}
}

/* --- the steps ------------------------------------------------------------ */

/* Its vCPUs leave the CPUs; then it is looked at for the last time. */
static void stop_step(struct vcpu *v, const struct regs *r)
{
	struct domain *d = v->domain;

	if (schedule_elsewhere(d)) {
		return;
	}
	refused_tell_untold(d);
	report(v, r);
	lint_end(d);
	dump_end(v, r);
	audit_run(d, AUDIT_EXIT);
	services_end(d);
	/* Off the guest's tables before they go. */
	d->ending = DOMAIN_RETURNS;
	flush_switch(TAG_NONE, paging_root());
}

static void finish(struct domain *d)
{
	summary_send(d);
	note_exit(d);
	d->ending = DOMAIN_ZOMBIE;
	if (!begins_again(d)) {
		record_stopped(&d->mmu, d->shutdown,
			       d->crash_reason != NULL
				       ? d->crash_reason
				       : reason_name(d->shutdown));
		end_if_last(d);
	}
}

/* All that it held goes back. */
static void return_step(struct domain *d)
{
	uint64_t before = d->counters.differences;

	if (xenstore_domain_leave(d)) {
		return;
	}
	/* Where nobody counts, and the machine ends, it makes no difference. */
	if (audit_wanted() || others_left(d) || begins_again(d)) {
		slice_begin();
		if (mmu_domain_destroy(&d->mmu) != 0) {
			return;
		}
		/* Marks go when nothing is mapped any more. */
		map_domain_end(d);
		audit_run(d, AUDIT_DESTROYED);
	}
	if (d->counters.differences != before) {
		log_error("the domain's death left references");
	}
	finish(d);
}

/* Out of the table, off the CPU. */
static void remove_domain(struct domain *d)
{
	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		schedule_remove(d->vcpu[i]);
	}
	domain_remove(d);
	schedule_leave();
	end_if_last(d);
}

static void make_again(struct domain *d)
{
	struct build_error e = {.text = ""};

	log_info("domain %u (%s) begins again", (unsigned int)d->mmu.domid,
		 d->config->name);
	if (domain_make_again(d, &e) != 0) {
		log_error("domain %s cannot begin again: %s", d->config->name,
			  e.text);
		remove_domain(d);
	}
}

static bool forget(struct domain *d)
{
	bool forgotten;

	/* As long as others map its frames, nobody need be kept waiting. */
	if (__atomic_load_n(&d->mmu.nr_pages, __ATOMIC_RELAXED) != 0) {
		return false;
	}
	/* Nobody else has just found it, by its number or as an owner. */
	machine_quiet();
	forgotten = mmu_domain_forget(&d->mmu);
	machine_quiet_end();
	return forgotten;
}

/* Others may map its frames for as long as they like: looks now and then. */
static void zombie_step(struct vcpu *v)
{
	struct domain *d = v->domain;
	const uint64_t now = clock_now();

	if (begins_again(d) && !domain_may_be_made(d)) {
		return;
	}
	if (!forget(d)) {
		timer_set(v, DEADLINE_POLL, now + ZOMBIE_NS, now);
		v->poll_timed = true;
		v->blocked = true;
	} else if (begins_again(d)) {
		make_again(d);
	} else {
		remove_domain(d);
	}
}

static void build_step(struct domain *d)
{
	if (!domain_make_some(d)) {
		return;
	}
	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		vcpu_work_take(d->vcpu[i], ENDING_WORK);
	}
	d->reaper = NULL;
	d->stopping = false;
	d->ending = DOMAIN_STOPS; /* the next, some day */
	schedule_leave();
	domain_begin(d);
	vcpu_wake(d->vcpu[0]);
	if (stop_all) {
		domain_break(d, "the run was ended from outside", false);
	}
}

void domain_end(struct vcpu *v, const struct regs *r)
{
	struct domain *d = v->domain;

	if (stop_reaper(d, v) != v) {
		vcpu_work_add(v, VCPU_WORK_SCHED); /* never to be seen again */
		return;
	}
	switch (d->ending) {
	case DOMAIN_STOPS:
		stop_step(v, r);
		break;
	case DOMAIN_RETURNS:
		return_step(d);
		break;
	case DOMAIN_ZOMBIE:
		zombie_step(v);
		break;
	case DOMAIN_BUILDS:
		build_step(d);
		break;
	}
	/* No further than this: another vCPU, or another step. */
	if (d->stopping) {
		vcpu_work_add(v, ENDING_WORK);
	}
	machine_breathe();
}
