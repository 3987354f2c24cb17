/* SPDX-License-Identifier: MIT */
/*
 * What keeps a vCPU from going straight back to its guest: the end of its
 * domain, noted where it came about and carried out here, where all registers
 * have been saved; periodic audits; and measuring how long a request took.
 */
#include "hv/entry/work.h"

#include "hv/cpu/lock.h"
#include "hv/cpu/slice.h"
#include "hv/vcpu/failsafe.h"
#include "hv/vcpu/inject.h"
#include "hv/schedule/schedule.h"
#include "hv/report/audit.h"
#include "hv/report/mark.h"
#include "hv/report/stopped.h"
#include "hv/domain/domain.h"
#include "hv/domain/stop.h"
#include "hv/life/end.h"
#include "hv/entry/crossing.h"
#include "hv/vcpu/vcpu.h"

/* Without a handler it is lost, as on a CPU that masks it. */
static void give_nmi(struct vcpu *v, struct regs *r)
{
	vcpu_work_take(v, VCPU_WORK_NMI);
	if (v->trap[TRAP_NMI].address != 0) {
		inject_exception(v, r, TRAP_NMI, 0);
	}
}

static void do_work(struct vcpu *v, struct regs *r)
{
	bool stops = false;

	if (v->work & VCPU_WORK_IRET) {
		vcpu_work_take(v, VCPU_WORK_IRET);
		trap_iret(v, r, r->rsp);
	}
	if (v->work & VCPU_WORK_WATCH) {
		stops = stop_watch(v->domain);
	}
	if (v->work & VCPU_WORK_STOP) {
		domain_end(v, r);
		return;
	}
	if (v->work & VCPU_WORK_MEASURE) {
		slice_leave();
	}
	if (audit_is_due(v)) {
		audit_now(v);
	}
	if (v->work & VCPU_WORK_FAILSAFE) {
		vcpu_work_take(v, VCPU_WORK_FAILSAFE);
		failsafe_enter(v, r);
	}
	if (v->work & VCPU_WORK_NMI) {
		give_nmi(v, r);
	}
	if (stops) {
		stopped_in_guest(v, r);
	}
	if (mark_at != 0) {
		mark_set(v, r);
	}
}

/* Kept set for what is looked at elsewhere, or now and then. */
#define STANDING (VCPU_WORK_AUDIT | VCPU_WORK_IOPL)

static bool is_nothing_due(const struct vcpu *v)
{
	return (__atomic_load_n(&v->work, __ATOMIC_RELAXED) &
		~(uint32_t)STANDING) == 0 &&
	       !audit_is_due(v) && mark_at == 0;
}

/* The registers' place is the same for whichever vCPU the CPU has then. */
void vcpu_do_work(struct vcpu *v, struct regs *r)
{
	if (r->vector == ENTRY_HYPERCALL) {
		audit_tick(v);
	}
	if (is_nothing_due(v)) {
		return;
	}
	machine_lock();
	do_work(v, r);
	/* A domain's end leaves the CPU with none. */
	while (current == NULL || (current->work & VCPU_WORK_SCHED)) {
		schedule();
		v = current;
		r->vector = ENTRY_RETRY;
		do_work(v, r);
	}
	machine_unlock();
}
