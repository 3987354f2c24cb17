/* SPDX-License-Identifier: MIT */
/*
 * Emulation for a PV guest: privileged instructions (#GP), forced cpuid (#UD)
 * and direct writes to page tables (#PF). Each function returns true when it
 * has dealt with the trap: the instruction is retired, or an exception was
 * injected in its place. False: the trap is the guest's own.
 */
#ifndef PW_HV_EMUL_EMUL_H
#define PW_HV_EMUL_EMUL_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;
struct regs;

bool emulate_privileged(struct vcpu *v, struct regs *r);
bool emulate_forced_cpuid(struct vcpu *v, struct regs *r);
bool ptwr_fault(struct vcpu *v, struct regs *r, uint64_t cr2, uint32_t error);

/* What the guest is told by cpuid. */
struct cpuid_leaf {
	uint32_t a, b, c, d;
};
struct cpuid_leaf cpuid_policy(struct vcpu *v, uint32_t leaf, uint32_t subleaf);

#endif
