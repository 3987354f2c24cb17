/* SPDX-License-Identifier: MIT */
/*
 * The end of a domain. It is audited twice: as it was when it stopped, and
 * when everything it held has been returned, when not one reference may be
 * left.
 */
#include "abi/control.h"
#include "hv/life/end.h"

#include "hv/report/audit.h"
#include "hv/cpu/ipi.h"
#include "hv/cpu/slice.h"
#include "hv/mm/paging.h"
#include "hv/record/record.h"
#include "hv/report/control.h"
#include "hv/domain/domain.h"
#include "hv/report/crash.h"
#include "hv/report/log.h"
#include "hv/report/machine.h"
#include "hv/report/recent.h"
#include "hv/report/refused.h"
#include "hv/report/stack.h"
#include "hv/report/summary.h"
#include "hv/vcpu/vcpu.h"
#include "hv/cpu/x86.h"

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
	if (v->waited) {
		return "waiting";
	}
	return v->up || v->domain->shutdown == DOMAIN_HALTED ? "running"
							     : "down";
}

/* Where a vCPU is; the registers are those of the one that has the CPU. */
static void tell_place(const struct vcpu *v, const struct vcpu *here,
		       const struct regs *r)
{
	const struct vcpu_info *info = v->event.info;

	control_begin(EVENT_PLACE);
	control_number(PLACE_VCPU, v->id);
	control_text(PLACE_STATE, state_name(v));
	control_text(PLACE_MODE, v->kernel_mode ? "kernel" : "user");
	control_flag(PLACE_PENDING, info->evtchn_upcall_pending != 0);
	control_flag(PLACE_MASKED, info->evtchn_upcall_mask != 0);
	recent_tell(v);
	if (v == here) {
		control_hex(PLACE_RIP, r->rip);
		stack_tell(PLACE_STACK, v, r);
	}
	control_end();
}

static void tell_crash(const struct vcpu *v, const struct regs *r,
		       const char *reason)
{
	control_begin(EVENT_CRASH);
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
		for (unsigned int i = 0; i < d->nr_vcpus; i++) {
			tell_place(d->vcpu[i], v, r);
		}
	}
	if (exit_value(d) == CONTROL_EXIT_CRASH) {
		tell_crash(v, r, reason);
	}
	control_begin(EVENT_SHUTDOWN);
	control_text(SHUTDOWN_REASON, reason_name(d->shutdown));
	control_end();
}

_Noreturn void domain_end(struct vcpu *v, const struct regs *r)
{
	struct domain *d = v->domain;

	ipi_stop_others();
	refused_tell_untold(d);
	report(v, r);
	audit_run(d, AUDIT_EXIT);
	if (audit_wanted()) {
		uint64_t before = d->counters.differences;

		/* Off the guest's tables before they go. */
		x86_write_cr3(paging_root());
		do {
			slice_begin();
		} while (mmu_domain_destroy(&d->mmu) != 0);
		audit_run(d, AUDIT_DESTROYED);
		if (d->counters.differences != before) {
			log_error("the domain's death left references");
		}
	}
	summary_send(d);
	record_stopped(&d->mmu, d->shutdown,
		       d->crash_reason != NULL ? d->crash_reason
					       : reason_name(d->shutdown));
	machine_end(exit_value(d));
}
