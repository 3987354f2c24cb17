/* SPDX-License-Identifier: MIT */
/* Inside the engine: descriptor pages and the windows that show them. */
#ifndef PW_ENGINE_DESC_H
#define PW_ENGINE_DESC_H

#include "engine/mmu.h"

/* The hypervisor's own mapping: writable, for the CPU sets "accessed". */
#define DESC_PTE_FLAGS (PTE_P | PTE_RW | PTE_A | PTE_D)

static inline unsigned int desc_frames(unsigned int entries)
{
	return (entries + PT_ENTRIES - 1) / PT_ENTRIES;
}

MUST_CHECK int mmu_set_gdt(struct mmu_vcpu *v, const uint64_t *frames,
			   unsigned int entries);
MUST_CHECK int mmu_set_ldt(struct mmu_vcpu *v, uint64_t base,
			   unsigned int entries);
MUST_CHECK int mmu_update_descriptor(struct mmu_vcpu *v, maddr_t where,
				     uint64_t desc);

/* Takes all LDT pages of a vCPU out of its window. */
void ldt_unmap(struct mmu_vcpu *v);
/* The page behind `index` of the LDT, into the window: see mmu_ldt_fault(). */
MUST_CHECK int ldt_map_page(struct mmu_vcpu *v, unsigned int index);
/* A read-only mapping of a descriptor page goes: no vCPU's LDT keeps it. */
void ldt_forget(struct mmu_domain *d, mfn_t f);
/* Back to an empty GDT. */
void gdt_unmap(struct mmu_vcpu *v);
/* Checks all 512 descriptors of a page. */
MUST_CHECK int desc_validate(struct mmu_domain *d, mfn_t f);

#endif
