/* SPDX-License-Identifier: MIT */
/*
 * The first instructions, and the notes from which the builder knows what
 * we are. rsi is start_info; the builder's stack is left at once, so that
 * its frame can be given back.
 */
#include <xen/elfnote.h>

	.macro note_string type value
	.pushsection .note.Xen, "a", @note
	.balign	4
	.long	4, 2f - 1f, \type
	.asciz	"Xen"
1:	.asciz	"\value"
2:	.balign	4
	.popsection
	.endm

	.macro note_number type value
	.pushsection .note.Xen, "a", @note
	.balign	4
	.long	4, 8, \type
	.asciz	"Xen"
	.quad	\value
	.popsection
	.endm

#ifndef KERNEL_NAME
#define KERNEL_NAME "pagewarden"
#endif
	note_string XEN_ELFNOTE_GUEST_OS, KERNEL_NAME
	note_string XEN_ELFNOTE_GUEST_VERSION, "1"
	note_string XEN_ELFNOTE_XEN_VERSION, "xen-3.0"
	note_string XEN_ELFNOTE_LOADER, "generic"
	note_string XEN_ELFNOTE_PAE_MODE, "yes"
	note_number XEN_ELFNOTE_VIRT_BASE, KERNEL_VIRT_BASE
	note_number XEN_ELFNOTE_PADDR_OFFSET, 0
	note_number XEN_ELFNOTE_ENTRY, kernel_entry
	note_number XEN_ELFNOTE_HV_START_LOW, 0xffff800000000000
#ifndef KERNEL_P2M_INSIDE
	note_number XEN_ELFNOTE_INIT_P2M, 0x8000000000
#endif
	note_number XEN_ELFNOTE_MOD_START_PFN, 1
	/* Writable page tables: no; privileged: able to be. */
	note_number XEN_ELFNOTE_SUPPORTED_FEATURES, 0x800

	.section .text.head, "ax"
	.globl	kernel_entry
kernel_entry:
	cld
	leaq	stack_end(%rip), %rsp
	xorl	%ebp, %ebp
	movq	%rsi, %rdi
	call	kernel_main
	ud2

	.section .bss.stack, "aw", @nobits
	.balign	4096
	.skip	65536
stack_end:

	.section .note.GNU-stack, "", @progbits
