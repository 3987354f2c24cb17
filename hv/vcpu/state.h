/* SPDX-License-Identifier: MIT */
/* A vCPU's state between the CPU and its place in memory. */
#ifndef PW_HV_VCPU_STATE_H
#define PW_HV_VCPU_STATE_H

struct vcpu;

/* From this CPU, which runs it, or to it. */
void state_save(struct vcpu *v);
void state_load(struct vcpu *v);

#endif
