/* SPDX-License-Identifier: MIT */
/* The hypervisor's own page tables. */
#ifndef PW_HV_MM_PAGING_H
#define PW_HV_MM_PAGING_H

#include <stdint.h>

#include "abi/pte.h"
#include "abi/xen.h"

/* Direct map, image, windows; loads them. After memory_init(). */
void paging_init(void);
/* The M2P for guests, at M2P_START. `at` is 2 MiB aligned. */
void paging_map_m2p(uint64_t at, uint64_t bytes);
/* What every L4 holds for us. */
void paging_slots(pte_t slots[XEN_L4_SLOTS]);
/* Our own L4, which maps no guest: for CR3. */
uint64_t paging_root(void);
/*
 * RAM and MMIO that must not be cached: one page, mapped for ever. Not before
 * paging_init().
 */
void *device_map(uint64_t machine_address);
/* PTE_NX where the CPU has it, else 0. */
uint64_t paging_nx(void);

#endif
