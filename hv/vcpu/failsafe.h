/* SPDX-License-Identifier: MIT */
/* Entering the guest kernel because a data segment could not be loaded. */
#ifndef PW_HV_VCPU_FAILSAFE_H
#define PW_HV_VCPU_FAILSAFE_H

struct regs;
struct vcpu;

/* At its failsafe callback, with the selectors that it had (v->saved). */
void failsafe_enter(struct vcpu *v, struct regs *r);

#endif
