/* SPDX-License-Identifier: MIT */
/*
 * What keeps a vCPU from going straight back to its guest: the end of its
 * domain, noted where it came about and carried out here, where all registers
 * have been saved; periodic audits; and measuring how long a request took.
 */
#include "hv/entry/work.h"

#include "hv/cpu/slice.h"
#include "hv/report/audit.h"
#include "hv/domain/domain.h"
#include "hv/domain/stop.h"
#include "hv/life/end.h"
#include "hv/entry/crossing.h"
#include "hv/vcpu/vcpu.h"

void vcpu_do_work(struct vcpu *v, struct regs *r)
{
	if (v->work & VCPU_WORK_IRET) {
		v->work &= ~(uint32_t)VCPU_WORK_IRET;
		trap_iret(v, r, r->rsp);
	}
	if (v->work & VCPU_WORK_WATCH) {
		stop_watch(v->domain);
	}
	if (v->work & VCPU_WORK_STOP) {
		domain_end(v, r);
	}
	if (v->work & VCPU_WORK_MEASURE) {
		slice_leave();
	}
	if (r->vector == ENTRY_HYPERCALL) {
		audit_tick(v);
	}
}
