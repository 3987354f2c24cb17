/* SPDX-License-Identifier: MIT */
/*
 * Handlers that show what the hypervisor pushed, and the ways to a trap and
 * back: from ring 1, and from ring 3. A trap's frame is what it pushed, and
 * above it (below, in memory) the general registers; one without an error code
 * gets 0. They go back by the iret hypercall, which the common ones never ask
 * for (kernels/metal32/trap_entry.S).
 */
	.text
	.macro trap name vector error
	.globl	trap_\name
trap_\name:
	.if \error == 0
	push	$0
	.endif
	push	$\vector
	jmp	trap_common
	.endm
	trap de 0 0
	trap db 1 0
	trap bp 3 0
	trap of 4 0
	trap ud 6 0
	trap nm 7 0
	trap ts 10 1
	trap np 11 1
	trap ss 12 1
	trap gp 13 1
	trap pf 14 1
	trap ac 17 1
	trap up 0x80 0
	trap event 0x100 0

/* The data segments that could not be loaded, then a frame as an event's. */
	.globl	trap_failsafe
trap_failsafe:
	popl	%ss:failsafe_segments
	popl	%ss:failsafe_segments + 4
	popl	%ss:failsafe_segments + 8
	popl	%ss:failsafe_segments + 12
	push	$0
	push	$0x101
	jmp	trap_common

trap_common:
	pusha
	mov	$0xe021, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%esp, %eax
	push	%eax
	call	trap
	add	$4, %esp
	popa
	add	$8, %esp
	/* As the iret hypercall takes it: eax on top. */
	push	%eax
	mov	$23, %eax
	int	$0x82
	ud2

/* try_it(do_it): calls it; a trap on the way ends it at try_back. */
	.globl	try_it
try_it:
	push	%ebp
	push	%ebx
	push	%esi
	push	%edi
	mov	%esp, tried_from
	movl	$1, trying
	call	*20(%esp)
	mov	$-1, %eax
	jmp	1f
	.globl	try_back
try_back:
	mov	$0xe021, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	tried_from, %esp
	mov	tried_vector, %eax
1:	movl	$0, trying
	pop	%edi
	pop	%esi
	pop	%ebx
	pop	%ebp
	ret

/*
 * call_and_return(list): a multicall of two, the first of which is iret, with
 * its frame on the stack. What eax is then: what the frame says, unless the
 * multicall came back by itself.
 */
	.globl	call_and_return
call_and_return:
	push	%ebx
	mov	8(%esp), %ebx
	mov	$2, %ecx
	pushf
	push	%cs
	push	$1f
	push	$77
	mov	$13, %eax
	int	$0x82
	add	$16, %esp
1:	pop	%ebx
	ret

/*
 * wrapped_call(0xfffffffe, selector, list, nr): a multicall by an INT that is the
 * last of its segment, which begins behind it.
 */
	.globl	wrapped_call
wrapped_call:
	push	%ebx
	mov	16(%esp), %ebx
	mov	20(%esp), %ecx
	mov	$13, %eax
	lcall	*8(%esp)
	pop	%ebx
	ret
	.globl	wraps, wraps_to
wraps:
	int	$0x82
wraps_to:
	lret

/* run_user(eip, esp): to ring 3; comes back by leave_user(). */
	.globl	run_user
run_user:
	push	%ebp
	push	%ebx
	push	%esi
	push	%edi
	mov	20(%esp), %eax
	mov	24(%esp), %edx
	mov	%esp, user_came_from
	push	$0xe033
	push	%edx
	push	$0x200
	push	$0xe02b
	push	%eax
	push	$0
	mov	$23, %eax
	int	$0x82
	ud2
	.globl	leave_user
leave_user:
	mov	user_came_from, %esp
	mov	$0xe021, %eax
	mov	%eax, %ds
	mov	%eax, %es
	pop	%edi
	pop	%esi
	pop	%ebx
	pop	%ebp
	ret

/* Ring 3: a hypercall, then back by the vector that is for users. */
	.globl	user_hypercall
user_hypercall:
	mov	$17, %eax
	xor	%ebx, %ebx
	int	$0x82
	.globl	user_after
user_after:
	int	$0x80
	ud2
	.globl	user_reads_m2p
user_reads_m2p:
	mov	0xf5800000, %eax
	int	$0x80
	ud2
	.globl	user_sysenter
user_sysenter:
	sysenter
	ud2
	.globl	user_far_64
user_far_64:
	ljmp	$0xe033, $user_after
	.globl	user_far_hv
user_far_hv:
	ljmp	$0xe008, $user_after

	.bss
	.balign	4096
	.globl	user_stack, user_stack_start
user_stack_start:
	.skip	4096
user_stack:
user_came_from:
	.skip	4
tried_from:
	.skip	4
	.globl	failsafe_segments
failsafe_segments:
	.skip	16
	.globl	trying
trying:
	.skip	4
	.globl	tried_vector
tried_vector:
	.skip	4

	.section .note.GNU-stack, "", @progbits
