/* SPDX-License-Identifier: MIT */
/*
 * The CPU's descriptor tables, as its vCPU has them. The vCPU's window shows
 * the guest's GDT pages, then the CPU's own page with the reserved selectors,
 * then the guest's LDT.
 */
#ifndef PW_HV_CPU_DESC_H
#define PW_HV_CPU_DESC_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/mmu.h"
#include "hv/mm/layout.h"

struct cpu_tables;

/* Bytes of address space in a vCPU's window: 16 GDT pages, 16 LDT pages. */
#define DESC_WINDOW_SIZE 0x20000
#define DESC_WINDOW_LDT 0x10000
#define DESC_WINDOWS_NR 128
/* As many windows as one L1 table holds. */
#define DESC_WINDOWS_A_TABLE (PT_ENTRIES / DESC_WINDOW_ENTRIES)

/* Where a reserved selector's descriptor is in the CPU's own page. */
#define RESERVED_INDEX(sel) ((sel) / 8 - RESERVED_GDT_PAGE * PT_ENTRIES)

static inline uint64_t desc_window_address(unsigned int window)
{
	return DESC_WINDOWS + (uint64_t)window * DESC_WINDOW_SIZE;
}

/* The i-th L1 table of the windows. */
void desc_windows_add(unsigned int i, pte_t *table);
/* The window's 32 L1 entries; NULL: there is no such window. */
pte_t *desc_window_entries(unsigned int window);

/* A descriptor of 16 bytes: a TSS or an LDT. */
void desc_set_system(struct cpu_tables *t, unsigned int selector, uint64_t type,
		     uint64_t base, uint64_t limit);
/* The GDT is at `base`, up to the end of the reserved page. */
void desc_load_gdtr(uint64_t base);

/* Puts the CPU's own GDT page into the vCPU's window and loads GDTR, LDTR. */
void desc_load(const struct mmu_vcpu *v, unsigned int window);
/* Loads LDTR if the LDT's size has changed since. */
void desc_sync_ldt(const struct mmu_vcpu *v, unsigned int window);

/*
 * Was the fault at this address in the LDT part of the window? If so,
 * *ret_page tells which page.
 */
bool desc_is_ldt(unsigned int window, uint64_t address, unsigned int *ret_page);

#endif
