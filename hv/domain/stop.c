/* SPDX-License-Identifier: MIT */
/*
 * The mark that a domain is to end. The first reason counts: what comes after
 * it, on another vCPU or while the first is on its way out, changes nothing.
 */
#include "hv/domain/stop.h"

#include "hv/cpu/ipi.h"
#include "hv/domain/domain.h"
#include "hv/vcpu/vcpu.h"

struct vcpu *stop_reaper(struct domain *d, struct vcpu *v)
{
	struct vcpu *first = NULL;

	return __atomic_compare_exchange_n(&d->reaper, &first, v, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
		       ? v
		       : first;
}

static void stop(struct domain *d, unsigned int reason)
{
	struct cpu *c = cpu_here();

	if (__atomic_exchange_n(&d->stopping, true, __ATOMIC_SEQ_CST)) {
		return;
	}
	d->shutdown = (uint8_t)reason;
	/* The one that brought it about tells of it. */
	if (c->vcpu != NULL && c->vcpu->domain == d) {
		stop_reaper(d, c->vcpu);
	} else if (c->vcpu != NULL) {
		vcpu_work_add(c->vcpu, VCPU_WORK_SCHED);
	}
	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		vcpu_work_add(d->vcpu[i], VCPU_WORK_STOP);
		if (d->vcpu[i]->cpu != c->id) {
			ipi_wake(d->vcpu[i]->cpu);
		}
	}
}

void domain_shutdown(struct domain *d, unsigned int reason)
{
	/* A code given beforehand (SCHEDOP_shutdown_code) is the reason. */
	if (d->event.shutdown_code != 0) {
		reason = d->event.shutdown_code - 1u;
	}
	stop(d, reason);
}

void domain_crash(struct vcpu *v, const char *reason)
{
	struct domain *d = v->domain;

	if (!d->stopping) {
		d->crash_reason = reason;
		stop(d, DOMAIN_CRASHED);
	}
}

void domain_crash_at(struct vcpu *v, const char *reason, uint64_t address)
{
	struct domain *d = v->domain;

	if (!d->stopping) {
		d->crash_has_address = true;
		d->crash_address = address;
	}
	domain_crash(v, reason);
}

void domain_halted(struct domain *d)
{
	if (!d->stopping) {
		d->crash_reason = "its last vCPU went down, and nobody had "
				  "asked for a shutdown";
		stop(d, DOMAIN_HALTED);
	}
}

void domain_break(struct domain *d, const char *reason, bool with_report)
{
	if (!d->stopping) {
		d->crash_reason = reason;
		stop(d, with_report ? DOMAIN_BROKEN : DOMAIN_ENDED);
	}
}

bool stop_all;

void domain_break_all(const char *reason, bool with_report)
{
	stop_all = true;
	for (unsigned int i = 0; i < DOMAINS; i++) {
		if (domain_at(i) != NULL) {
			domain_break(domain_at(i), reason, with_report);
		}
	}
}

uint64_t stop_at_request;
bool stop_at_refusal;
bool stop_in_guest;

bool stop_watches(void)
{
	return stop_at_request != 0 || stop_at_refusal;
}

/* Why to stop there, or NULL. */
static const char *reached(const struct domain *d)
{
	if (stop_at_request != 0 && d->mmu.serial >= stop_at_request) {
		return "stopped at the request that was named";
	}
	return stop_at_refusal && d->mmu.stats.refused != 0
		       ? "stopped at the first refusal"
		       : NULL;
}

bool stop_watch(struct domain *d)
{
	const char *reason = reached(d);

	if (reason == NULL) {
		return false;
	}
	if (!stop_in_guest) {
		domain_break(d, reason, true);
		return false;
	}
	stop_at_request = 0;
	stop_at_refusal = false;
	return true;
}
