/* SPDX-License-Identifier: MIT */
/*
 * What surrounds the hypercalls: their names and counters, those that an
 * unprivileged domain is refused, and the two after which the CPU's LDT may
 * no longer be the vCPU's.
 */
#include "hv/entry/hypercall.h"

#include "engine/request/hypercall.h"
#include "hv/cpu/desc.h"
#include "hv/entry/table.h"
#include "hv/vcpu/vcpu.h"

uint64_t hypercall_calls[HYPERCALLS];
uint64_t hypercall_refused[HYPERCALLS];

const char *hypercall_name(unsigned int nr)
{
	static const char *const names[HYPERCALLS] = {
#define HYPERCALL(number, function, name) [number] = #name,
#include "hv/entry/hypercall.def"
#undef HYPERCALL
	};

	return nr < HYPERCALLS ? names[nr] : "unknown";
}

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

	if (v->ldt_loaded != v->mmu.ldt_entries) {
		ldt_load(v);
	}
	return rc;
}

int64_t hypercall_multicall(struct vcpu *v, uint64_t arg[6])
{
	int64_t rc = hc_multicall(&v->mmu, arg);

	if (v->ldt_loaded != v->mmu.ldt_entries) {
		ldt_load(v);
	}
	return rc;
}
