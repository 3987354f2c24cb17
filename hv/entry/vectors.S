/* SPDX-License-Identifier: MIT */
/*
 * A stub for each of the 256 vectors: makes the stack the same for those with
 * an error code and those without, notes the vector beside it, and goes to the
 * entry for its kind. entry_stubs holds their addresses, for the IDT.
 */
#include "hv/cpu/x86.h"

	.macro STUB vector
	.section .rodata
	.quad 1f
	.text
	.balign 8
1:
	.if (\vector == 8) || (\vector >= 10 && \vector <= 14) || \
	    (\vector == 17) || (\vector == 21) || (\vector == 29) || \
	    (\vector == 30)
	.else
	push $0
	.endif
	movl $\vector, 4(%rsp)
	.if \vector == TRAP_DB
	jmp entry_debug
	.elseif \vector == TRAP_NMI
	jmp entry_nmi
	.elseif \vector == TRAP_DF || \vector == TRAP_MC
	jmp entry_fatal
	.elseif \vector == TRAP_PF
	jmp entry_page_fault
	.elseif \vector == 0x82
	jmp entry_call_32
	.elseif \vector < 32 || \vector == 0x80
	jmp entry_exception
	.else
	jmp entry_interrupt
	.endif
	.endm

	.section .rodata
	.balign 8
	.globl entry_stubs
entry_stubs:
	.altmacro
	number = 0
	.rept 256
	STUB %number
	number = number + 1
	.endr
