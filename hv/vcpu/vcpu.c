/* SPDX-License-Identifier: MIT */
/*
 * Waking a vCPU. Its CPU may sleep, run it (it then looks for events on its
 * way out), or run another, which makes room.
 */
#include "hv/vcpu/vcpu.h"

#include "hv/cpu/ipi.h"

void vcpu_wake(struct vcpu *v)
{
	struct cpu *c = cpu_here();

	v->blocked = false;
	if (v->cpu != c->id) {
		ipi_wake(v->cpu);
	} else if (c->vcpu != NULL && c->vcpu != v) {
		vcpu_work_add(c->vcpu, VCPU_WORK_SCHED);
	}
}
