/* SPDX-License-Identifier: MIT */
/*
 * Decoders of Xen's MMU hypercalls. Each takes the vCPU and its six argument
 * registers. On -XEN_ERESTART arg[] has been rewritten so that issuing the
 * same hypercall again with it goes on where this one stopped; any other value
 * is the guest's result. Guest memory is read and written through the port.
 */
#ifndef PW_ENGINE_HYPERCALL_H
#define PW_ENGINE_HYPERCALL_H

#include "engine/mmu.h"

int64_t hc_mmu_update(struct mmu_vcpu *v, uint64_t arg[6]);
int64_t hc_set_gdt(struct mmu_vcpu *v, uint64_t arg[6]);
int64_t hc_update_descriptor(struct mmu_vcpu *v, uint64_t arg[6]);
int64_t hc_memory_op(struct mmu_vcpu *v, uint64_t arg[6]);
int64_t hc_multicall(struct mmu_vcpu *v, uint64_t arg[6]);
int64_t hc_update_va_mapping(struct mmu_vcpu *v, uint64_t arg[6]);
int64_t hc_update_va_mapping_otherdomain(struct mmu_vcpu *v, uint64_t arg[6]);
int64_t hc_mmuext_op(struct mmu_vcpu *v, uint64_t arg[6]);

typedef int64_t hypercall_fn(struct mmu_vcpu *v, uint64_t arg[6]);
/* By number (__HYPERVISOR_*); NULL where it is not the engine's. */
hypercall_fn *engine_hypercall(unsigned int nr);

/*
 * Of a 32-bit guest, where an argument of 64 bits takes two registers
 * (request/split.c). All others are the same functions.
 */
int64_t hc_update_va_mapping_32(struct mmu_vcpu *v, uint64_t arg[6]);
int64_t hc_update_va_mapping_otherdomain_32(struct mmu_vcpu *v,
					    uint64_t arg[6]);
int64_t hc_update_descriptor_32(struct mmu_vcpu *v, uint64_t arg[6]);
hypercall_fn *engine_hypercall_32(unsigned int nr);

/*
 * A multicall of the vCPU's ends, or stops: pays the flushes that its calls
 * owe. hc_multicall() does.
 */
void mmu_multicall_end(struct mmu_vcpu *v);

#endif
