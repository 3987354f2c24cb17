/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls of which one argument has 64 bits, as a 32-bit guest makes them:
 * it comes in two registers, the lower half first. Put together they are those
 * of a 64-bit guest. None of the three moves its arguments on when it is to be
 * issued again, so the guest's registers stay as they are.
 */
#include "engine/request/hypercall.h"

static uint64_t joined(const uint64_t arg[6], unsigned int i)
{
	return (arg[i] & UINT32_MAX) | arg[i + 1] << 32;
}

int64_t hc_update_va_mapping_32(struct mmu_vcpu *v, uint64_t arg[6])
{
	uint64_t wide[6] = {arg[0], joined(arg, 1), arg[3]};

	return hc_update_va_mapping(v, wide);
}

int64_t hc_update_va_mapping_otherdomain_32(struct mmu_vcpu *v, uint64_t arg[6])
{
	uint64_t wide[6] = {arg[0], joined(arg, 1), arg[3], arg[4]};

	return hc_update_va_mapping_otherdomain(v, wide);
}

int64_t hc_update_descriptor_32(struct mmu_vcpu *v, uint64_t arg[6])
{
	uint64_t wide[6] = {joined(arg, 0), joined(arg, 2)};

	return hc_update_descriptor(v, wide);
}
