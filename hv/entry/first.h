/* SPDX-License-Identifier: MIT */
/* A vCPU's first entry into its guest. */
#ifndef PW_HV_ENTRY_FIRST_H
#define PW_HV_ENTRY_FIRST_H

struct vcpu;

/* The vCPU becomes this CPU's, and its guest is entered. */
_Noreturn void vcpu_run_first(struct vcpu *v);

#endif
