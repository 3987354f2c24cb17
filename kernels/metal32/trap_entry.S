/* SPDX-License-Identifier: MIT */
/*
 * Where the hypervisor bounces exceptions to. It has pushed, from the lowest
 * address: [error code], eip, cs, eflags. A kernel in ring 1 that came from ring
 * 1 goes back by iret itself.
 */
	.text

	.macro trap vector has_error
trap_\vector:
	.if \has_error == 0
	pushl	$0
	.endif
	pushl	$\vector
	jmp	trap_common
	.endm

	.irp	v, 0, 1, 2, 3, 4, 5, 6, 7, 9, 16, 18, 19
	trap	\v, 0
	.endr
	.irp	v, 8, 10, 11, 12, 13, 14, 17
	trap	\v, 1
	.endr

trap_common:
	pushl	%eax
	pushl	%ecx
	pushl	%edx
	pushl	%edi
	pushl	%esi
	pushl	%ebx
	pushl	%ebp
	cld
	movl	%esp, %eax
	movl	%esp, %ebp
	andl	$-16, %esp
	subl	$12, %esp
	pushl	%eax
	call	trap_handle
	movl	%ebp, %esp
	popl	%ebp
	popl	%ebx
	popl	%esi
	popl	%edi
	popl	%edx
	popl	%ecx
	popl	%eax
	/* vector, error code */
	addl	$8, %esp
	iret

/*
 * int probe_access(address, value, write): -1, or the vector that a trap
 * handler found when it came from the instruction at probe_insn_*. The first
 * two have 64 bits each; of the address the upper 32 are nothing. A value is
 * written whole, as an entry of a table is: which takes two turns where another
 * was expected.
 */
	.globl	probe_access
probe_access:
	pushl	%ebx
	pushl	%esi
	movl	12(%esp), %esi
	movl	20(%esp), %ebx
	movl	24(%esp), %ecx
	movl	$-1, %eax
	cmpl	$0, 28(%esp)
	jne	probe_insn_write
	.globl	probe_insn_read
probe_insn_read:
	movl	(%esi), %edx
	jmp	probe_done
	.globl	probe_insn_write
probe_insn_write:
	lock cmpxchg8b (%esi)
	jnz	probe_insn_write
	movl	$-1, %eax
	.globl	probe_done
probe_done:
	popl	%esi
	popl	%ebx
	ret


	.section .rodata
	.globl	trap_entries
	.balign	8
trap_entries:
	.irp	v, 0, 1, 2, 3, 4, 5, 6, 7, 9, 16, 18, 19, 8, 10, 11, 12, 13, 14, 17
	.long	\v, 0, trap_\v, 0
	.endr
	.long	0, 0, 0, 0

	.section .note.GNU-stack, "", @progbits
