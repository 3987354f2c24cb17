/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls by number. In assembly because the functions are of two types,
 * for the engine's vCPU and for ours, which begin at the same address.
 */
#define HYPERCALL(number, function, name) .quad function;

	.section .rodata
	.balign 8
	.globl hypercall_table
hypercall_table:
#include "hv/entry/hypercall.def"

/* Those of 32-bit guests. */
#define HYPERCALL_2(number, function, function_32, name) .quad function_32;

	.globl hypercall_table_32
hypercall_table_32:
#include "hv/entry/hypercall.def"
