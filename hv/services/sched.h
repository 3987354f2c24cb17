/* SPDX-License-Identifier: MIT */
/* sched_op: yielding, waiting, shutdown. */
#ifndef PW_HV_SERVICES_SCHED_H
#define PW_HV_SERVICES_SCHED_H

#include <stdint.h>

struct vcpu;

/* Waits until the vCPU has an event to take (its upcall mask is cleared). */
void sched_block(struct vcpu *v);

int64_t hc_sched_op(struct vcpu *v, uint64_t arg[6]);
int64_t hc_sched_op_compat(struct vcpu *v, uint64_t arg[6]);

#endif
