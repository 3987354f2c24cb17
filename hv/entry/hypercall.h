/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls. hv/entry/hypercall.def lists them all by number; those that are
 * not the engine's have this type:
 *
 *   int64_t hc_name(struct vcpu *v, uint64_t arg[6]);
 *
 * arg is the guest's argument registers themselves: it is written only with
 * the result -XEN_ERESTART, after which the guest issues the hypercall again
 * with what is there, once its pending events and interrupts have been
 * delivered. Any other result is the guest's.
 */
#ifndef PW_HV_ENTRY_HYPERCALL_H
#define PW_HV_ENTRY_HYPERCALL_H

#include <stdint.h>

#include "hv/report/counters.h"

struct vcpu;

/*
 * Those below the limit are called by entry.S itself, without a lock; the
 * others by hypercall_locked(), which counts and notes them as entry.S does,
 * and takes the lock that each needs.
 */
extern uint64_t hypercall_limit;
int64_t hypercall_locked(struct vcpu *v, uint64_t arg[6], uint64_t nr);
/* There are several CPUs. */
void hypercall_lock_all(void);

/* The guest's return from a trap, in a multicall. */
int64_t hc_iret(struct vcpu *v, uint64_t arg[6]);

/* Not there for an unprivileged domain. */
int64_t hc_ni(struct vcpu *v, uint64_t arg[6]);
int64_t hc_eperm(struct vcpu *v, uint64_t arg[6]);

/* The engine's, after which the CPU's LDT may no longer be the vCPU's. */
int64_t hypercall_mmuext_op(struct vcpu *v, uint64_t arg[6]);
int64_t hypercall_multicall(struct vcpu *v, uint64_t arg[6]);

#endif
