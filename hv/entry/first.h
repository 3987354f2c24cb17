/* SPDX-License-Identifier: MIT */
/* A vCPU's first entry into its guest. */
#ifndef PW_HV_ENTRY_FIRST_H
#define PW_HV_ENTRY_FIRST_H

struct vcpu;

/* The vCPU becomes this CPU's, and its guest is entered. */
_Noreturn void vcpu_run_first(struct vcpu *v);

/* A CPU without one looks for its first. */
_Noreturn void cpu_run_first(void);

#endif
