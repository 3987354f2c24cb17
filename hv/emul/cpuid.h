/* SPDX-License-Identifier: MIT */
/* What cpuid tells a guest. */
#ifndef PW_HV_EMUL_CPUID_H
#define PW_HV_EMUL_CPUID_H

#include <stdint.h>

struct vcpu;

struct cpuid_leaf {
	uint32_t a, b, c, d;
};
struct cpuid_leaf cpuid_policy(struct vcpu *v, uint32_t leaf, uint32_t subleaf);

#endif
