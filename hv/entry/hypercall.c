/* SPDX-License-Identifier: MIT */
/*
 * What surrounds the hypercalls: the way of a multicall to those that are not
 * the engine's, those that an unprivileged domain is refused, and the two after
 * which the CPU's LDT may no longer be the vCPU's.
 */
#include "hv/entry/hypercall.h"

#include "engine/port.h"
#include "engine/request/hypercall.h"
#include "hv/cpu/alone.h"
#include "hv/cpu/desc.h"
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
	vcpu_work_add(v, VCPU_WORK_IRET);
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

/* By the width of the caller. */
static int64_t (*const *table_of(const struct vcpu *v))(struct vcpu *,
							uint64_t *)
{
	return unlikely(v->narrow) ? hypercall_table_32 : hypercall_table;
}

/* --- several CPUs ----------------------------------------------------------
 */

#define CALL(name) (UINT64_C(1) << __HYPERVISOR_##name)

/*
 * About nothing but the caller's domain, which the engine locks, or its own
 * vCPU, which nobody else looks at while it runs; or what it writes, which has
 * a lock of its own. All others touch what domains share, or vCPUs share
 * without the engine.
 */
static const uint64_t alone =
	CALL(mmu_update) | CALL(update_va_mapping) |
	CALL(update_va_mapping_otherdomain) | CALL(mmuext_op) |
	CALL(memory_op) | CALL(multicall) | CALL(set_gdt) |
	CALL(update_descriptor) | CALL(stack_switch) | CALL(set_segment_base) |
	CALL(fpu_taskswitch) | CALL(set_debugreg) | CALL(get_debugreg) |
	CALL(xen_version) | CALL(console_io);

static bool is_alone(uint64_t nr)
{
	return (alone >> nr & 1) != 0;
}

/* One of a multicall's, which holds nothing between its calls. */
static int64_t call_shared(struct vcpu *v, unsigned int nr, uint64_t arg[6])
{
	int64_t rc;

	alone_share();
	rc = table_of(v)[nr](v, arg);
	alone_share_end();
	return rc;
}

int64_t port_hypercall(struct mmu_vcpu *m, unsigned int nr, uint64_t arg[6])
{
	struct vcpu *v = vcpu_of(m);

	if (nr >= HYPERCALLS) {
		return -XEN_ENOSYS;
	}
	v->counters.calls[nr]++;
	if (unlikely(nr_cpus > 1) && !is_alone(nr)) {
		return call_shared(v, nr, arg);
	}
	return table_of(v)[nr](v, arg);
}

uint64_t hypercall_limit = HYPERCALLS;

int64_t hypercall_locked(struct vcpu *v, uint64_t arg[6], uint64_t nr)
{
	int64_t rc;

	v->counters.calls[nr]++;
	v->recent.call[v->recent.next_call++] = (uint8_t)nr;
	if (is_alone(nr)) {
		alone_begin();
		rc = table_of(v)[nr](v, arg);
		alone_end();
	} else {
		machine_lock();
		rc = table_of(v)[nr](v, arg);
		machine_unlock();
	}
	return rc;
}

void hypercall_lock_all(void)
{
	hypercall_limit = 0;
}
