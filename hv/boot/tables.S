/* SPDX-License-Identifier: MIT */
/*
 * The tables that every CPU begins with, on its way to long mode: a GDT of one
 * code segment, and the page tables that head.S fills.
 */
#include "hv/mm/layout.h"

#define PHYS(symbol) ((symbol) - IMAGE_START)

	.section .rodata
	.balign 8
	.globl boot_gdt
boot_gdt:
	.quad 0
	.quad 0x00af9a000000ffff
	.globl boot_gdtr
boot_gdtr:
	.word . - boot_gdt - 1
	.long PHYS(boot_gdt)

	.section .bss.page, "aw", @nobits
	.balign 4096
	.globl boot_l4
boot_l4:
	.skip 4096
	.globl boot_l3
boot_l3:
	.skip 4096
	.globl boot_l2
boot_l2:
	.skip 4 * 4096
