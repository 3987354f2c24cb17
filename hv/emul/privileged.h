/* SPDX-License-Identifier: MIT */
/*
 * Privileged instructions (#GP) and forced cpuid (#UD) of a PV guest. True: the
 * trap has been dealt with, the instruction retired or an exception injected in
 * its place. False: the trap is the guest's own.
 */
#ifndef PW_HV_EMUL_PRIVILEGED_H
#define PW_HV_EMUL_PRIVILEGED_H

#include <stdbool.h>

struct regs;
struct vcpu;

bool emulate_privileged(struct vcpu *v, struct regs *r);
bool emulate_forced_cpuid(struct vcpu *v, struct regs *r);

#endif
