/* SPDX-License-Identifier: MIT */
/* The CPU's descriptor tables, as its vCPU has them. */
#ifndef PW_HV_CPU_DESC_H
#define PW_HV_CPU_DESC_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/pte.h"

struct vcpu;

/* Bytes of address space in a vCPU's window: 16 GDT pages, 16 LDT pages. */
#define DESC_WINDOW_SIZE 0x20000
#define DESC_WINDOW_LDT 0x10000

/* The vCPU's window: its address, and its 32 L1 entries. */
uint64_t desc_window_address(unsigned int window);
pte_t *desc_window_entries(unsigned int window);

/* Puts the CPU's own GDT page into the vCPU's window and loads GDTR, LDTR. */
void desc_load(struct vcpu *v);
/* The LDT's size has changed. */
void ldt_load(struct vcpu *v);

/*
 * Was the fault at this address in the LDT part of the vCPU's window? If so,
 * *ret_page tells which page.
 */
bool desc_is_ldt(const struct vcpu *v, uint64_t address,
		 unsigned int *ret_page);

#endif
