/* SPDX-License-Identifier: MIT */
/*
 * The other CPUs' way from their first instruction, in real mode, to C. They
 * begin at the page that the startup interrupt names, where start_page stands,
 * and go to long mode at once: PE and PG are set together. Each takes a number
 * and with it its stack; one that finds none left sleeps for ever.
 */
#include "hv/cpu/x86.h"
#include "hv/mm/layout.h"
#include "hv/offsets.h"

#define PHYS(symbol) ((symbol) - IMAGE_START)

	.section .rodata
	.globl start_page, start_page_end
	.code16
start_page:
	cli
	mov %cs, %ax
	mov %ax, %ds
	lgdtl start_gdtr - start_page
	mov $X86_CR4_PAE, %eax
	mov %eax, %cr4
	movl $PHYS(boot_l4), %eax
	mov %eax, %cr3
	mov $MSR_EFER, %ecx
	rdmsr
	or $EFER_LME, %eax
	wrmsr
	mov $(X86_CR0_PG | X86_CR0_WP | X86_CR0_NE | X86_CR0_ET | \
	      X86_CR0_MP | X86_CR0_PE), %eax
	mov %eax, %cr0
	ljmpl $8, $PHYS(start_long)
	.balign 4
start_gdtr:
	.word 15
	.long PHYS(boot_gdt)
start_page_end:

	.section .text.boot, "ax"
	.code64
start_long:
	movabs $start_high, %rax
	jmp *%rax
start_high:
	mov $1, %edi
	lock xadd %edi, start_next(%rip)
	cmp start_limit(%rip), %edi
	jae start_none
	mov %edi, %eax
	imul $CPU_STACK_SIZE, %rax, %rax
	lea cpu_areas + AREA_REGS(%rip), %rsp
	add %rax, %rsp
	xor %eax, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %fs
	mov %eax, %gs
	mov %eax, %ss
	pushq $X86_RFLAGS_FIXED
	popfq
	xor %ebp, %ebp
	call start_cpu
start_none:
	cli
	hlt
	jmp start_none
