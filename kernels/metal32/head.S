/* SPDX-License-Identifier: MIT */
/*
 * The first instructions of a 32-bit kernel, and the notes from which the
 * builder knows what we are. esi is start_info; the builder's stack is left at
 * once, so that its frame can be given back.
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
	.long	4, 4, \type
	.asciz	"Xen"
	.long	\value
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
	note_number XEN_ELFNOTE_HV_START_LOW, 0xf5800000
	note_number XEN_ELFNOTE_MOD_START_PFN, 1
	/* Privileged: able to be. */
	note_number XEN_ELFNOTE_SUPPORTED_FEATURES, 0x800

	.section .text.head, "ax"
	.globl	kernel_entry
kernel_entry:
	cld
	movl	$stack_end, %esp
	xorl	%ebp, %ebp
	/* kernel_main(uint64_t start_info), and nothing to return to. */
	subl	$4, %esp
	pushl	$0
	pushl	%esi
	call	kernel_main
	ud2

	.section .bss.stack, "aw", @nobits
	.balign	4096
	.skip	65536
stack_end:

	.section .note.GNU-stack, "", @progbits
