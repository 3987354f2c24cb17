/* SPDX-License-Identifier: MIT */
/*
 * Where the hypervisor bounces exceptions to. It has pushed, from the lowest
 * address: rcx, r11, [error code], rip, cs, rflags, rsp, ss. We go back by
 * the iret hypercall, which wants rax, r11, rcx, flags in front of rip.
 */
	.text

	.macro trap vector has_error
trap_\vector:
	popq	%rcx
	popq	%r11
	.if \has_error == 0
	pushq	$0
	.endif
	pushq	$\vector
	jmp	trap_common
	.endm

	.irp	v, 0, 1, 2, 3, 4, 5, 6, 7, 9, 16, 18, 19
	trap	\v, 0
	.endr
	.irp	v, 8, 10, 11, 12, 13, 14, 17
	trap	\v, 1
	.endr

trap_common:
	pushq	%r11
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%rax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, %rdi
	movq	%rsp, %rbp
	andq	$-16, %rsp
	call	trap_handle
	movq	%rbp, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	popq	%r11
	/* vector, error code: the second becomes iret's flags, 0. */
	addq	$8, %rsp
	movq	$0, (%rsp)
	pushq	%rcx
	pushq	%r11
	pushq	%rax
	movl	$23, %eax
	syscall
	ud2

/*
 * int probe_access(address, value, write): -1, or the vector that a trap
 * handler found when it came from the instruction at probe_insn_*.
 */
	.globl	probe_access
probe_access:
	movl	$-1, %eax
	testl	%edx, %edx
	jnz	probe_insn_write
	.globl	probe_insn_read
probe_insn_read:
	movq	(%rdi), %rcx
	ret
	.globl	probe_insn_write
probe_insn_write:
	movq	%rsi, (%rdi)
	.globl	probe_done
probe_done:
	ret


	.section .rodata
	.globl	trap_entries
	.balign	8
trap_entries:
	.irp	v, 0, 1, 2, 3, 4, 5, 6, 7, 9, 16, 18, 19, 8, 10, 11, 12, 13, 14, 17
	.quad	\v, trap_\v
	.endr
	.quad	0, 0

	.section .note.GNU-stack, "", @progbits
