/* SPDX-License-Identifier: MIT */
/*
 * INT 0x82: hypercalls of 32-bit kernels. A short way like that of SYSCALL in
 * entry.S, whose common way out is taken where something waits.
 *
 * The arguments go into the slots that a hypercall's have, 32 bits of each
 * register and no more, and come back from there: a hypercall writes to them
 * only when it is to be issued again. The gate is for ring 1.
 */
#include "hv/cpu/x86.h"
#include "hv/entry/hot.h"
#include "hv/mm/layout.h"
#include "hv/offsets.h"

#define INT_INSN_SIZE 2

	.text

	.balign 64
GLOBAL entry_call_32
	mov %ebp, %ebp
	push %rbp
	mov %edi, %edi
	push %rdi
	mov %esi, %esi
	push %rsi
	mov %edx, %edx
	push %rdx
	mov %ecx, %ecx
	push %rcx
	mov %ebx, %ebx
	push %rbx
	mov %eax, %eax
	push %rax
	push %rcx
	push %r11
	cld
	SMAP SMAP_CLAC
	mov HOT_VCPU, %rdi
	cmp $HYPERCALL_IRET, %eax
	je call_32_in_c
	cmpb $0, VCPU_NARROW(%rdi)
	je call_32_in_c
	movb $1, VCPU_KERNEL_MODE(%rdi)
	movq $0, HOT_SLICE_END
	cmpb $0, slice_measured(%rip)
	jne call_32_measured
call_32_begun:
	cmp hypercall_limit(%rip), %rax
	jae call_32_other
	lea hypercall_table_32(%rip), %r11
	incq VCPU_CALLS(%rdi, %rax, 8)
	movzbl VCPU_NEXT_CALL(%rdi), %ecx
	mov %al, VCPU_RECENT(%rdi, %rcx)
	incb VCPU_NEXT_CALL(%rdi)
	lea R(RDI), %rsi
	call *(%r11, %rax, 8)
call_32_done:
	cmp $-ERESTART, %rax
	je call_32_restart
	mov %eax, %eax
	call call_32_registers
	mov HOT_VCPU, %r8
	cmpl $0, VCPU_WORK(%r8)
	jne call_32_slow
	mov VCPU_INFO(%r8), %r9
	cmpb $0, INFO_PENDING(%r9)
	jne call_32_slow
	add $(REGS_RIP - HOT), %rsp
1:	iretq
	EX_TABLE 1b, fault_of_iret

/* Back where they were. */
call_32_registers:
	add $8, %rsp
	mov R(RDI), %rbx
	mov R(RSI), %rcx
	mov R(RDX), %rdx
	mov R(R10), %rsi
	mov R(R8), %rdi
	mov R(R9), %rbp
	sub $8, %rsp
	ret

call_32_measured:
	call call_32_begin
	mov R(RAX), %rax
	mov HOT_VCPU, %rdi
	jmp call_32_begun

call_32_other:
	cmp $HYPERCALLS, %rax
	jae call_32_unknown
	lea R(RDI), %rsi
	mov %rax, %rdx
	call hypercall_locked
	jmp call_32_done
call_32_unknown:
	mov $-ENOSYS, %rax
	jmp call_32_done

call_32_restart:
	subq $INT_INSN_SIZE, R(RIP)
	mov R(RAX), %rax
	call call_32_registers
/* All registers in their places, as after any trap, and out by the common way. */
call_32_slow:
	mov %rax, R(RAX)
	mov %rcx, R(RCX)
	mov %rdx, R(RDX)
	mov %rsi, R(RSI)
	mov %rdi, R(RDI)
	movl $ENTRY_HYPERCALL, R(VECTOR)
	jmp leave

/* IRET, and whoever should not be here. */
call_32_in_c:
	mov R(RAX), %rax
	call call_32_registers
	mov %rcx, R(RCX)
	mov %rsi, R(RSI)
	mov %rdi, R(RDI)
	SAVE_REST
	mov FULL_VCPU, %rdi
	mov %rsp, %rsi
	call trap_call_32
	jmp leave_full
