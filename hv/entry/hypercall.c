/* SPDX-License-Identifier: MIT */
/*
 * What surrounds the hypercalls: the way of a multicall to those that are not
 * the engine's, those that an unprivileged domain is refused, and the two after
 * which the CPU's LDT may no longer be the vCPU's.
 */
#include "hv/entry/hypercall.h"

#include "engine/port.h"
#include "engine/request/hypercall.h"
#include "hv/cpu/desc.h"
#include "hv/cpu/lock.h"
#include "hv/entry/table.h"
#include "hv/report/phase.h"
#include "hv/vcpu/vcpu.h"

int64_t hc_ni(struct vcpu *v, uint64_t arg[6])
{
	(void)v;
	(void)arg;
	return -XEN_ENOSYS;
}

int64_t hc_eperm(struct vcpu *v, uint64_t arg[6])
{
	(void)v;
	(void)arg;
	return -XEN_EPERM;
}

/*
 * Reached in a multicall only: elsewhere iret is entry.S's own. The multicall
 * stops here for good, before the mode changes: what it still had to do or to
 * write back would be done with a user's rights and tables (XSA-213).
 */
int64_t hc_iret(struct vcpu *v, uint64_t arg[6])
{
	(void)arg;
	v->work |= VCPU_WORK_IRET;
	return -XEN_ERESTART;
}

int64_t hypercall_mmuext_op(struct vcpu *v, uint64_t arg[6])
{
	int64_t rc = hc_mmuext_op(&v->mmu, arg);

	desc_sync_ldt(&v->mmu, v->window);
	phase_look(v);
	return rc;
}

int64_t hypercall_multicall(struct vcpu *v, uint64_t arg[6])
{
	int64_t rc = hc_multicall(&v->mmu, arg);

	desc_sync_ldt(&v->mmu, v->window);
	phase_look(v);
	return rc;
}

int64_t port_hypercall(struct mmu_vcpu *v, unsigned int nr, uint64_t arg[6])
{
	if (nr >= HYPERCALLS) {
		return -XEN_ENOSYS;
	}
	vcpu_of(v)->counters.calls[nr]++;
	return hypercall_table[nr](vcpu_of(v), arg);
}

uint64_t hypercall_limit = HYPERCALLS;

int64_t hypercall_locked(struct vcpu *v, uint64_t arg[6], uint64_t nr)
{
	int64_t rc;

	machine_lock();
	v->counters.calls[nr]++;
	v->recent.call[v->recent.next_call++] = (uint8_t)nr;
	rc = hypercall_table[nr](v, arg);
	machine_unlock();
	return rc;
}

void hypercall_lock_all(void)
{
	hypercall_limit = 0;
}
