/* SPDX-License-Identifier: MIT */
/*
 * From the multiboot loader (32-bit protected mode, paging off) to C in long
 * mode. The tables built here map the first 4 GiB three times: where they are,
 * at IMAGE_START and at DIRECTMAP_START, which one set of lower tables does.
 * paging.c replaces them.
 */
#include "hv/cpu/x86.h"
#include "hv/mm/layout.h"
#include "hv/offsets.h"

#define MULTIBOOT_MAGIC 0x1badb002
#define MULTIBOOT_FLAGS 0x00000003 /* modules on page bounds; memory map */
#define PHYS(symbol) ((symbol) - IMAGE_START)
#define L4_SLOT(address) (((address) >> 39) & 511)

#define PTE_TABLE 0x003 /* present, writable */
#define PTE_LARGE 0x083
#define CPUID_LONG_MODE (1 << 29)
#define COM1 0x3f8
#define COM2 0x2f8
#define COM_STATUS 5
#define COM_ROOM 0x20

	.section .multiboot, "a"
	.balign 4
	.long MULTIBOOT_MAGIC, MULTIBOOT_FLAGS
	.long -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)

	.section .text.boot, "ax"
	.code32
	.globl boot_entry
boot_entry:
	cli
	cld
	mov %eax, %ebp /* the loader's magic; ebx: its information */

	mov $0x80000000, %eax
	mov %ebx, %esi
	cpuid
	cmp $0x80000001, %eax
	jb no_long_mode
	mov $0x80000001, %eax
	cpuid
	mov %esi, %ebx
	test $CPUID_LONG_MODE, %edx
	jz no_long_mode

	/* 2048 large pages cover 4 GiB. */
	movl $PHYS(boot_l2), %edi
	mov $PTE_LARGE, %eax
	xor %ecx, %ecx
1:	mov %eax, (%edi, %ecx, 8)
	add $0x200000, %eax
	inc %ecx
	cmp $2048, %ecx
	jne 1b

	movl $PHYS(boot_l3), %edi
	movl $PHYS(boot_l2) + PTE_TABLE, %eax
	xor %ecx, %ecx
1:	mov %eax, (%edi, %ecx, 8)
	add $0x1000, %eax
	inc %ecx
	cmp $4, %ecx
	jne 1b

	movl $PHYS(boot_l4), %edi
	movl $PHYS(boot_l3) + PTE_TABLE, %eax
	mov %eax, (%edi)
	mov %eax, L4_SLOT(IMAGE_START) * 8(%edi)
	mov %eax, L4_SLOT(DIRECTMAP_START) * 8(%edi)
	mov %edi, %cr3

	mov $(X86_CR4_PAE), %eax
	mov %eax, %cr4
	mov $MSR_EFER, %ecx
	rdmsr
	or $EFER_LME, %eax
	wrmsr
	mov $(X86_CR0_PG | X86_CR0_WP | X86_CR0_NE | X86_CR0_ET | \
	      X86_CR0_MP | X86_CR0_PE), %eax
	mov %eax, %cr0
	lgdt PHYS(boot_gdtr)
	ljmp $8, $PHYS(boot_long)

/*
 * C is out of reach. What features.c would say is said by hand on both serial
 * ports, and on the text screen; the debug-exit port is nothing on a PC.
 */
no_long_mode:
	movl $0x4f364f34, 0xb8000 /* "46", white on red: no 64-bit mode */
	movl $PHYS(unfit_console), %esi
	mov $COM1, %edi
	movl $PHYS(1f), %ebx
	jmp say
1:	movl $PHYS(unfit_control), %esi
	mov $COM2, %edi
	movl $PHYS(1f), %ebx
	jmp say
1:	mov $CONTROL_EXIT_FAILED, %al
	outb %al, $CONTROL_EXIT_PORT
1:	hlt
	jmp 1b

/*
 * esi: text that ends in NUL; edi: a serial port, at whatever speed it has;
 * ebx: where to go on, as there is no stack.
 */
say:	lea COM_STATUS(%edi), %edx
1:	inb %dx, %al
	test $COM_ROOM, %al
	jz 1b
	lodsb
	test %al, %al
	jz 2f
	mov %edi, %edx
	outb %al, %dx
	jmp say
2:	jmp *%ebx

unfit_console:
	.asciz "(pw) the CPU lacks 64-bit mode (lm)\r\n"
unfit_control:
	.asciz "{\"event\":\"unfit\",\"lacks\":\"64-bit mode (lm)\"}\n"

	.code64
boot_long:
	movabs $boot_high, %rax
	jmp *%rax
boot_high:
	lea cpu_areas + AREA_REGS(%rip), %rsp
	xor %eax, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %fs
	mov %eax, %gs
	mov %eax, %ss
	/* Flags as C expects them. */
	pushq $X86_RFLAGS_FIXED
	popfq
	mov %ebp, %edi
	mov %ebx, %esi
	xor %ebp, %ebp
	call hv_main
1:	hlt
	jmp 1b
