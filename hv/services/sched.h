/* SPDX-License-Identifier: MIT */
/*
 * sched_op, vcpu_op and the small hypercalls that have no state of their own.
 */
#ifndef PW_HV_SERVICES_SCHED_H
#define PW_HV_SERVICES_SCHED_H

#include <stdint.h>

struct domain;
struct vcpu;

/* The domain's vCPU of that number (the guest's, unchecked), or NULL. */
struct vcpu *domain_vcpu(const struct domain *d, uint32_t id);

/* There is an event for the vCPU: if it waits, it does so no longer. */
void sched_wake(struct vcpu *v);
/* Waits until the vCPU has an event to take (its upcall mask is cleared). */
void sched_block(struct vcpu *v);

int64_t hc_sched_op(struct vcpu *v, uint64_t arg[6]);
int64_t hc_sched_op_compat(struct vcpu *v, uint64_t arg[6]);
int64_t hc_vcpu_op(struct vcpu *v, uint64_t arg[6]);
int64_t hc_xen_version(struct vcpu *v, uint64_t arg[6]);
int64_t hc_physdev_op(struct vcpu *v, uint64_t arg[6]);
int64_t hc_physdev_op_compat(struct vcpu *v, uint64_t arg[6]);
int64_t hc_nmi_op(struct vcpu *v, uint64_t arg[6]);

#endif
