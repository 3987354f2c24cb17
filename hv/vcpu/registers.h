/* SPDX-License-Identifier: MIT */
/* The parts of a vCPU's state that stay in the CPU while it runs. */
#ifndef PW_HV_VCPU_REGISTERS_H
#define PW_HV_VCPU_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

/* 0 or a negative errno, as the hypercalls return them. */
int debugreg_set(struct vcpu *v, unsigned int number, uint64_t value);
int debugreg_get(const struct vcpu *v, unsigned int number, uint64_t *ret);

/* Puts them all into the CPU. */
void debugreg_load(const struct vcpu *v);

/* The stack for entries from user mode, checked and aligned here. */
void vcpu_set_kernel_stack(struct vcpu *v, uint64_t ss, uint64_t sp);
/* CR0.TS as the guest wants it. */
void vcpu_set_ts(struct vcpu *v, bool set);

int64_t hc_stack_switch(struct vcpu *v, uint64_t arg[6]);
int64_t hc_fpu_taskswitch(struct vcpu *v, uint64_t arg[6]);
int64_t hc_set_debugreg(struct vcpu *v, uint64_t arg[6]);
int64_t hc_get_debugreg(struct vcpu *v, uint64_t arg[6]);
int64_t hc_set_segment_base(struct vcpu *v, uint64_t arg[6]);

#endif
