/* SPDX-License-Identifier: MIT */
/*
 * The end of a domain. It is audited twice: as it was when it stopped, and
 * when everything it held has been returned, when not one reference may be
 * left.
 */
#include "abi/control.h"
#include "hv/life/end.h"

#include "hv/report/audit.h"
#include "hv/cpu/slice.h"
#include "hv/mm/paging.h"
#include "hv/report/control.h"
#include "hv/domain/domain.h"
#include "hv/report/crash.h"
#include "hv/report/log.h"
#include "hv/report/machine.h"
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

	return reason < sizeof(names) / sizeof(names[0]) ? names[reason]
							 : "crash";
}

static enum control_exit exit_value(const struct domain *d)
{
	switch (d->shutdown) {
	case SHUTDOWN_poweroff:
		return CONTROL_EXIT_POWEROFF;
	case SHUTDOWN_reboot:
		return CONTROL_EXIT_REBOOT;
	default:
		return CONTROL_EXIT_CRASH;
	}
}

static void report(struct vcpu *v, const struct regs *r)
{
	const struct domain *d = v->domain;

	if (d->shutdown == DOMAIN_CRASHED) {
		crash_report(v, r);
	}
	if (exit_value(d) == CONTROL_EXIT_CRASH) {
		control_begin(EVENT_CRASH);
		control_text(CRASH_REASON, d->crash_reason != NULL
						   ? d->crash_reason
						   : reason_name(d->shutdown));
		control_hex(CRASH_RIP, r->rip);
		control_number(CRASH_VCPU, v->id);
		stack_tell(CRASH_STACK, v, r);
		control_end();
	}
	control_begin(EVENT_SHUTDOWN);
	control_text(SHUTDOWN_REASON, reason_name(d->shutdown));
	control_end();
}

_Noreturn void domain_end(struct vcpu *v, const struct regs *r)
{
	struct domain *d = v->domain;

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
	machine_end(exit_value(d));
}
