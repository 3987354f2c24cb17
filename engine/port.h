/* SPDX-License-Identifier: MIT */
/*
 * All that the world provides to the engine, resolved at link time:
 * hv/mm/port.c on metal, sim/port_engine.c in the simulator and
 * tests/unit/support/machine.c under the tests implement it.
 */
#ifndef PW_ENGINE_PORT_H
#define PW_ENGINE_PORT_H

#include "engine/mmu.h"
#include "engine/report/event.h"

/* Should a long request stop here? Asked once per table and every 64 entries.
 */
bool port_preempt(struct mmu_domain *d);

/* Bit i of a vCPU set stands for vCPU i. */
typedef uint64_t vcpuset_t;
#define VCPUSET_ALL (~UINT64_C(0))

/* Drops every cached translation on the CPUs where these vCPUs run. */
void port_flush_all(struct mmu_domain *d, vcpuset_t vcpus);
/* Drops those of one page. */
void port_flush_page(struct mmu_domain *d, vcpuset_t vcpus, vaddr_t va);
/*
 * The vCPU's kernel_root changed while it may be running: load it (kernel
 * mode). Afterwards the CPU holds no translation of the old root.
 */
void port_load_root(struct mmu_vcpu *v);
/*
 * The vCPU, in kernel mode, has another user_root. Afterwards its CPU holds no
 * translation that it found from the old one in user mode.
 */
void port_leave_user_root(struct mmu_vcpu *v);

/* Guest memory by the vCPU's current tables, with the guest's rights.
 * 0 or -XEN_EFAULT; never reaches hypervisor memory. */
MUST_CHECK int port_copy_in(struct mmu_vcpu *v, void *to, uint64_t from,
			    size_t bytes);
MUST_CHECK int port_copy_out(struct mmu_vcpu *v, uint64_t to, const void *from,
			     size_t bytes);

/* A hypercall that multicall met and that is not the engine's own. */
int64_t port_hypercall(struct mmu_vcpu *v, unsigned int nr, uint64_t arg[6]);

/* Called once for every refusal, when its record is whole, lock held. */
void port_refused(struct mmu_domain *d, struct refusal *r);

/* A CPU waits for the domain's lock: let it answer others' flushes. */
void port_relax(struct mmu_domain *d);

/* Debug builds: where the CPU that calls keeps which locks it holds
 * (request/lock_order.h). */
unsigned int *port_locks(struct mmu *m);

/* What happens in the engine, told only while mmu_domain->watched is set. */
void port_event(struct mmu_domain *d, const struct mmu_event *event);

/* A broken invariant of our own; never reached by what a guest does. */
_Noreturn void port_panic(struct mmu *m, const char *why);

#endif
