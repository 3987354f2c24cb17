/* SPDX-License-Identifier: MIT */
/*
 * For entry.S: where registers are saved, in what order, and how. The order is
 * that of struct regs (hv/cpu/regs.h), by the offsets made of it.
 */
#ifndef PW_HV_ENTRY_HOT_H
#define PW_HV_ENTRY_HOT_H

#ifdef __ASSEMBLY__
/* Macros of assembly, which it takes for C. */
/* clang-format off */

#include "hv/cpu/smap.h"
#include "hv/cpu/x86.h"
#include "hv/offsets.h"

/* The stack pointer stands at r11's slot on the hot paths. */
#define HOT REGS_R11
#define R(reg) (REGS_##reg - HOT)(%rsp)
#define HOT_VCPU (REGS_SIZE - HOT + CPU_VCPU)(%rsp)
#define HOT_SLICE_END (REGS_SIZE - HOT + CPU_SLICE_END)(%rsp)
/* What CR3 takes beside a root (engine/table/tags.h): now, and from then on. */
#define HOT_LOAD(tag) (REGS_SIZE - HOT + CPU_LOAD_##tag)(%rsp)
#define HOT_KEPT(tag) (REGS_SIZE - HOT + CPU_KEPT_##tag)(%rsp)
#define FULL(reg) (REGS_##reg)(%rsp)
#define FULL_VCPU (REGS_SIZE + CPU_VCPU)(%rsp)

/* Never handed on from guest to guest code by a trap. */
#define FLAGS_TRAP_CLEARS (X86_RFLAGS_AC | X86_RFLAGS_VM | X86_RFLAGS_RF | \
			   X86_RFLAGS_NT | X86_RFLAGS_TF)

	.macro SAVE_HOT
	push %r9
	push %r8
	push %r10
	push %rdx
	push %rsi
	push %rdi
	push %rax
	push %rcx
	push %r11
	.endm

	.macro RESTORE_HOT
	pop %r11
	pop %rcx
	pop %rax
	pop %rdi
	pop %rsi
	pop %rdx
	pop %r10
	pop %r8
	pop %r9
	.endm

	.macro SAVE_REST
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	.endm

	.macro RESTORE_REST
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	.endm

	/* Of a SYSCALL: what is neither rdi and rsi nor the way back. */
	.macro SAVE_ARGS
	mov %rdx, R(RDX)
	mov %r10, R(R10)
	mov %r8, R(R8)
	mov %r9, R(R9)
	.endm

	/* A fault at \at goes on at \fixup. */
	.macro EX_TABLE at, fixup
	.pushsection .ex_table, "a"
	.quad \at, \fixup
	.popsection
	.endm

	/* See hv/cpu/smap.c. */
	.macro SMAP last
661:	.byte SMAP_NOP
	.pushsection .smap_sites, "a"
	.quad 661b, \last
	.popsection
	.endm

	/* tags_cr3(): \root, a frame, becomes CR3. */
	.macro LOAD_CR3 root, load, kept
	shl $12, \root
	or \load, \root
	mov \root, %cr3
	mov \kept, \root
	mov \root, \load
	.endm

	.macro GLOBAL name
	.globl \name
\name:
	.endm

#endif
#endif
