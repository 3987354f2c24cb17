/* SPDX-License-Identifier: MIT */
/*
 * Leaving the kernel, and coming back from anywhere.
 *
 * int hostile_run(const struct iret_context *frame): goes to where the frame
 * says, by the iret hypercall. Whatever happens there ends at one of the
 * hostile_entries below, which notes which one it was, the flags it found and
 * the words that the hypervisor had pushed, and returns from hostile_run with
 * its number. The frame that was pushed is not used: the stack pointer of the
 * caller is the only way back.
 */
	.text
	.globl	hostile_run
hostile_run:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, caller_rsp(%rip)
	movq	%rdi, %rsp
	movl	$23, %eax
	syscall
	ud2

	.globl	hostile_entries
	.balign	16
hostile_entries:
	number = 0
	.rept	260
	.balign	16
	movl	$number, hostile_vector(%rip)
	jmp	come_back
	number = number + 1
	.endr

come_back:
	pushfq
	popq	hostile_flags(%rip)
	cld
	leaq	hostile_words(%rip), %rdi
	movq	%rsp, %rsi
	movl	$10, %ecx
	rep movsq
	movq	caller_rsp(%rip), %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	movl	hostile_vector(%rip), %eax
	ret

	/* INT n and ud2, 16 bytes for each n. */
	.globl	hostile_ints
	.balign	16
hostile_ints:
	number = 0
	.rept	256
	.balign	16
	.byte	0xcd, number
	ud2
	number = number + 1
	.endr

	.globl	hostile_nop, hostile_syscall, hostile_sysenter
hostile_nop:
	nop
	ud2
hostile_syscall:
	syscall
	ud2
hostile_sysenter:
	sysenter
	ud2

	/* Instructions that are not for users, 16 bytes for each. */
	.macro	privileged insn:vararg
	.balign	16
	\insn
	ud2
	.endm
	.globl	hostile_privileged, hostile_privileged_end
	.balign	16
hostile_privileged:
	privileged cli
	privileged sti
	privileged hlt
	privileged clts
	privileged wbinvd
	privileged invd
	privileged swapgs
	privileged rdmsr
	privileged wrmsr
	privileged inb $0x21, %al
	privileged outb %al, $0x21
	privileged movq %cr0, %rax
	privileged movq %rax, %cr0
	privileged movq %cr3, %rax
	privileged movq %rax, %cr3
	privileged movq %rax, %cr4
	privileged movq %dr7, %rax
	privileged movq %rax, %dr7
	privileged invlpg (%rsp)
	privileged lgdt (%rsp)
	privileged lidt (%rsp)
	privileged lldt %ax
	privileged ltr %ax
	privileged lmsw %ax
	privileged sysretq
	.balign	16
hostile_privileged_end:

	.bss
	.balign	16
	.globl	hostile_words, hostile_flags
hostile_words:
	.skip	80
hostile_flags:
	.skip	8
caller_rsp:
	.skip	8
hostile_vector:
	.skip	8

	.section .note.GNU-stack, "", @progbits
