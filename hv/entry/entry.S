/* SPDX-License-Identifier: MIT */
/*
 * All ways into the hypervisor and out of it.
 *
 * One CPU's stack holds, from the top down: struct cpu, the guest's registers
 * (struct regs), then whatever C needs. Every entry from the guest begins at
 * the same place, so that the registers' address is a constant.
 *
 * Guest kernels and their users both run in ring 3; which of the two a vCPU is
 * in is a byte of struct vcpu. The hypervisor itself does not use GS: swapgs
 * belongs to the change between the two modes.
 *
 * Hot paths save only what C may clobber. C keeps rbx, rbp and r12 to r15, so
 * their slots in struct regs are filled only where someone looks at them
 * (SAVE_REST). During such a call the slots are C's stack.
 *
 * What must hold on every way out: either iretq, whose faults are caught by
 * label and given to the guest as its own; or sysretq, only with an address
 * that is canonical (its fault would be ours, with the guest's stack: XSA-7).
 */
#include "hv/cpu/x86.h"
#include "hv/entry/hot.h"
#include "hv/mm/layout.h"
#include "hv/offsets.h"

#define SYSCALL_INSN_SIZE 2

	.text

/* --- SYSCALL ------------------------------------------------------------- */

/*
 * rcx: return address, r11: flags; the stack is the guest's. Interrupts are
 * off and AC, VM, RF, NT, DF, TF clear by the MSR's mask. The first
 * CPU's registers are named directly; the others come in by stubs below.
 */
	.balign 64
GLOBAL entry_syscall
	mov %rsp, cpu_areas + AREA_REGS + REGS_RSP(%rip)
	lea cpu_areas + AREA_REGS + HOT(%rip), %rsp
syscall_common:
	mov %rdi, R(RDI)
	mov HOT_VCPU, %rdi
	cmpb $0, VCPU_KERNEL_MODE(%rdi)
	je syscall_user
	cmp $HYPERCALL_IRET, %rax
	je hypercall_iret

	mov %rcx, R(RIP)
	mov %r11, R(RFLAGS)
	mov %rax, R(RAX)
	mov %rsi, R(RSI)
	SAVE_ARGS
	movq $0, HOT_SLICE_END
	cmp hypercall_limit(%rip), %rax
	jae hypercall_other
	lea hypercall_table(%rip), %r11
	incq VCPU_CALLS(%rdi, %rax, 8)
	movzbl VCPU_NEXT_CALL(%rdi), %ecx
	mov %al, VCPU_RECENT(%rdi, %rcx)
	incb VCPU_NEXT_CALL(%rdi)
	lea R(RDI), %rsi
	call *(%r11, %rax, 8)
hypercall_done:
	cmp $-ERESTART, %rax
	je hypercall_restart
	mov HOT_VCPU, %rcx
	cmpl $0, VCPU_WORK(%rcx)
	jne hypercall_slow
	mov VCPU_INFO(%rcx), %rdx
	cmpb $0, INFO_PENDING(%rdx)
	jne hypercall_event
hypercall_return:
	mov R(RIP), %rcx
	test %rcx, %rcx
	jns hypercall_low
hypercall_sysret:
	mov R(RFLAGS), %r11
	mov R(RDI), %rdi
	mov R(RSI), %rsi
	mov R(RDX), %rdx
	mov R(R10), %r10
	mov R(R8), %r8
	mov R(R9), %r9
	mov R(RSP), %rsp
	sysretq

/* The same, where stretches are measured (slice.h): when it began. */
	.balign 64
GLOBAL entry_syscall_measured
	mov %rax, measured_rax(%rip)
	mov %rdx, measured_rdx(%rip)
	rdtsc
	mov %eax, cpu_areas + AREA_CPU + CPU_ASKED(%rip)
	mov %edx, cpu_areas + AREA_CPU + CPU_ASKED + 4(%rip)
	mov %eax, cpu_areas + AREA_CPU + CPU_BEGAN(%rip)
	mov %edx, cpu_areas + AREA_CPU + CPU_BEGAN + 4(%rip)
	mov measured_rax(%rip), %rax
	mov measured_rdx(%rip), %rdx
	jmp entry_syscall

/* The one address after a SYSCALL that is not canonical is 1 << 47. */
hypercall_low:
	bt $47, %rcx
	jnc hypercall_sysret
	jmp hypercall_slow

hypercall_event:
	cmpb $0, INFO_MASK(%rdx)
	jne hypercall_return
/* Through the common way out, with everything in its place. */
hypercall_slow:
	mov %rax, R(RAX)
	call complete_hot
	jmp leave

/*
 * With several CPUs the limit is 0: C takes the machine's lock first.
 */
hypercall_other:
	cmp $HYPERCALLS, %rax
	jae hypercall_unknown
	lea R(RDI), %rsi
	mov %rax, %rdx
	call hypercall_locked
	jmp hypercall_done
hypercall_unknown:
	mov $-ENOSYS, %rax
	jmp hypercall_done

/*
 * To be issued again, with the arguments as they are now. Interrupts and
 * events are taken in between.
 */
hypercall_restart:
	subq $SYSCALL_INSN_SIZE, R(RIP)
	call complete_hot
	jmp leave

/* After SYSCALL: the parts of struct regs that the hot path leaves out. */
complete_hot:
	add $8, %rsp
	movl $0, R(ERROR)
	movl $ENTRY_HYPERCALL, R(VECTOR)
	mov R(RIP), %rcx
	mov %rcx, R(RCX)
	mov R(RFLAGS), %rcx
	mov %rcx, R(R11)
	movq $SEL_USER_CS64, R(CS)
	movq $SEL_USER_SS, R(SS)
	sub $8, %rsp
	ret

/*
 * A system call of a guest user, for the guest kernel: seven words on its
 * stack {rcx, r11, rip, cs and mask, rflags, rsp, ss}, and on at its callback,
 * here if that masks events (all kernels' do) and nothing else is special.
 * kernel_sp was checked and aligned when the guest set it.
 */
syscall_user:
	mov %rax, R(RAX)
	mov %rsi, R(RSI)
	mov VCPU_SYSCALL(%rdi), %rsi
	test %rsi, %rsi
	jz syscall_in_c
	cmpl $SYSCALL_FAST, VCPU_SYSCALL_FLAGS(%rdi)
	jne syscall_in_c
	swapgs
	movb $1, VCPU_KERNEL_MODE(%rdi)
	mov VCPU_KERNEL_ROOT(%rdi), %rax
	LOAD_CR3 %rax, HOT_LOAD(KERNEL), HOT_KEPT(KERNEL)
	mov VCPU_KERNEL_SP(%rdi), %rax
	mov %rcx, R(RIP)
	mov %r11, R(RFLAGS)
	mov VCPU_INFO(%rdi), %rcx
	cmpb $0, INFO_MASK(%rcx)
	jne syscall_masked
	SMAP SMAP_STAC
1:	movq $SEL_USER_CS64, -32(%rax)
2:	mov %r11, -24(%rax)
	mov R(RIP), %r11
3:	mov %r11, -56(%rax)
4:	mov %r11, -40(%rax)
	mov R(RFLAGS), %r11
5:	mov %r11, -48(%rax)
	mov R(RSP), %r11
6:	mov %r11, -16(%rax)
7:	movq $SEL_USER_SS, -8(%rax)
	SMAP SMAP_CLAC
	movb $1, INFO_MASK(%rcx)
	mov %rsi, %rcx
	mov R(RFLAGS), %r11
	and $~(FLAGS_TRAP_CLEARS | X86_RFLAGS_DF), %r11d
	mov R(RDI), %rdi
	mov R(RSI), %rsi
	sub $56, %rax
	mov %rax, R(RSP)
	mov R(RAX), %rax
	mov R(RSP), %rsp
	sysretq
	EX_TABLE 1b, syscall_fault
	EX_TABLE 2b, syscall_fault
	EX_TABLE 3b, syscall_fault
	EX_TABLE 4b, syscall_fault
	EX_TABLE 5b, syscall_fault
	EX_TABLE 6b, syscall_fault
	EX_TABLE 7b, syscall_fault

/* The rare cases, in C: all registers in their places, then as a trap. */
syscall_in_c:
	mov %rcx, R(RIP)
	mov %r11, R(RFLAGS)
syscall_rare:
	SAVE_ARGS
	call complete_hot
	movl $ENTRY_SYSCALL, R(VECTOR)
	SAVE_REST
	mov FULL_VCPU, %rdi
	mov %rsp, %rsi
	call trap_syscall
	jmp leave_full

/* Events masked in user mode: undoes the change, which C will do again. */
syscall_masked:
	swapgs
	movb $0, VCPU_KERNEL_MODE(%rdi)
	mov VCPU_USER_ROOT(%rdi), %rax
	LOAD_CR3 %rax, HOT_LOAD(USER), HOT_KEPT(USER)
	jmp syscall_rare

/* No stack where the guest kernel said. */
syscall_fault:
	SAVE_ARGS
	call complete_hot
	lea text_syscall_fault(%rip), %rsi
	call domain_crash
	jmp leave

/* --- the iret hypercall --------------------------------------------------- */

/* A word of the context that rax points to, on the guest's stack. */
	.macro FROM_IRET word, register
661:	mov \word(%rax), \register
	EX_TABLE 661b, iret_bad_stack
	.endm

/*
 * All that iretq pops but CS, and events let in, or not by way of \masked, with
 * their mask's place in rcx. One that is due, and is let in, is C's.
 */
	.macro IRET_WORDS masked
	FROM_IRET IRET_SS, %rcx
	or $3, %ecx
	mov %rcx, R(SS)
	FROM_IRET IRET_RSP, %rcx
	mov %rcx, R(RSP)
	FROM_IRET IRET_RIP, %rcx
	mov %rcx, R(RIP)
	FROM_IRET IRET_RFLAGS, %r11
	mov %r11d, %ecx
	and $~(X86_RFLAGS_IOPL | X86_RFLAGS_VM), %ecx
	or $(X86_RFLAGS_IF | X86_RFLAGS_FIXED), %ecx
	mov %rcx, R(RFLAGS)
	mov VCPU_INFO(%rdi), %rcx
	bt $9, %r11 /* IF */
	jnc \masked
	movb $0, INFO_MASK(%rcx)
	cmpb $0, INFO_PENDING(%rcx)
	jne iret_slow
	.endm

	.macro IRET_REGISTERS
662:	testl $VGCF_IN_SYSCALL, IRET_FLAGS(%rax)
	jnz iret_slow
	EX_TABLE 662b, iret_bad_stack
	FROM_IRET IRET_R11, %r11
	FROM_IRET IRET_RCX, %rcx
	FROM_IRET IRET_RAX, %rax
	.endm

	.macro IRET_LEAVE
	mov R(RDI), %rdi
	add $(REGS_RIP - HOT), %rsp
663:	iretq
	EX_TABLE 663b, fault_of_iret
	.endm

/*
 * The guest kernel's return: from its stack {rax, r11, rcx, flags, rip, cs,
 * rflags, rsp, ss}. CS says where to: ring 3 is user mode.
 */
hypercall_iret:
	incq VCPU_CALLS + HYPERCALL_IRET * 8(%rdi)
	mov R(RSP), %rax
	/* Not from our own memory: bits 63:43 of the hole are 0x1ffff0. */
	mov %rax, %rcx
	shr $43, %rcx
	cmp $0x1ffff0, %ecx
	je iret_bad_stack
	cmpl $0, VCPU_WORK(%rdi)
	jne iret_slow
	SMAP SMAP_STAC
	FROM_IRET IRET_CS, %rcx
	mov %ecx, %r11d
	or $3, %ecx
	and $3, %r11d
	mov %rcx, R(CS)
	cmp $3, %r11d
	jne iret_kernel
	cmpq $0, VCPU_USER_ROOT(%rdi)
	je iret_no_user
	IRET_WORDS iret_masked
iret_user:
	IRET_REGISTERS
	swapgs
	movb $0, VCPU_KERNEL_MODE(%rdi)
	mov VCPU_USER_ROOT(%rdi), %rdi
	LOAD_CR3 %rdi, HOT_LOAD(USER), HOT_KEPT(USER)
	IRET_LEAVE
iret_masked:
	movb $1, INFO_MASK(%rcx)
	jmp iret_user

/* To the guest kernel itself: nothing changes but registers. */
iret_kernel:
	IRET_WORDS iret_kernel_masked
iret_to_kernel:
	IRET_REGISTERS
	IRET_LEAVE
iret_kernel_masked:
	movb $1, INFO_MASK(%rcx)
	jmp iret_to_kernel

/* With an event due: C does it from the start, reading the stack again. */
iret_slow:
	SMAP SMAP_CLAC
	mov %rsi, R(RSI)
	SAVE_ARGS
	mov %rax, %rdx
	lea -HOT(%rsp), %rsi
	call trap_iret
	jmp leave

iret_bad_stack:
	lea text_iret_fault(%rip), %r11
	jmp 1f
iret_no_user:
	SMAP SMAP_CLAC
	lea text_iret_no_user(%rip), %r11
1:	mov %rsi, R(RSI)
	SAVE_ARGS
	mov %r11, %rsi
	movq $HYPERCALL_IRET, R(RAX)
	call complete_hot
	call domain_crash
	jmp leave

/* --- SYSENTER, and SYSCALL of 32-bit code ---------------------------------- */

/*
 * SYSENTER gives us our stack, and takes nothing of the guest's along. It
 * keeps TF: until the flags are saved each instruction here traps, and
 * entry_debug lets it; NT is kept too, and would spoil our iretq.
 */
	.balign 64
GLOBAL entry_sysenter
	push $SEL_USER_SS
	push $0
	pushfq
GLOBAL entry_sysenter_saved
	push $3
	push $0
	push $0
	movl $ENTRY_SYSENTER, 4(%rsp)
	push $X86_RFLAGS_FIXED
	popfq
	SAVE_HOT
	SAVE_REST
	orl $X86_RFLAGS_IF, FULL(RFLAGS)
	mov FULL_VCPU, %rdi
	mov %rsp, %rsi
	call trap_sysenter
	jmp leave_full

	.balign 64
GLOBAL entry_syscall32
	mov %rsp, cpu_areas + AREA_REGS + REGS_RSP(%rip)
	lea cpu_areas + AREA_REGS + HOT(%rip), %rsp
syscall32_common:
	mov %rdi, R(RDI)
	mov %rax, R(RAX)
	mov %rsi, R(RSI)
	SAVE_ARGS
	mov %rcx, R(RIP)
	mov %r11, R(RFLAGS)
	call complete_hot
	movl $ENTRY_SYSCALL, R(VECTOR)
	movq $SEL_USER_CS32, R(CS)
	SAVE_REST
	mov FULL_VCPU, %rdi
	mov %rsp, %rsi
	call trap_syscall
	jmp leave_full

/*
 * The ways of the other CPUs into the same lines: 32 bytes for each.
 */
	.macro STUBS name, common
	.balign 64
GLOBAL \name
	.set area, cpu_areas
	.rept CPUS_MAX - 1
	.set area, area + CPU_STACK_SIZE
	.balign 32
	mov %rsp, area + AREA_REGS + REGS_RSP(%rip)
	lea area + AREA_REGS + HOT(%rip), %rsp
	jmp \common
	.endr
	.endm
	STUBS entry_syscall_stubs, syscall_common
	STUBS entry_syscall32_stubs, syscall32_common

/* --- exceptions and interrupts --------------------------------------------- */

/* Most exceptions: (vcpu, regs) with all registers. */
GLOBAL entry_exception
	SAVE_HOT
	SAVE_REST
	cld
	SMAP SMAP_CLAC
	testb $3, FULL(CS)
	jz own_exception
exception_of_guest:
	mov FULL_VCPU, %rdi
	mov %rsp, %rsi
	call trap_exception
GLOBAL leave_full
	RESTORE_REST
/* The common way out; the stack pointer stands at the hot registers. */
GLOBAL leave
	mov HOT_VCPU, %rdi
	cmpl $0, VCPU_WORK(%rdi)
	jne leave_work
	mov VCPU_INFO(%rdi), %rcx
	cmpb $0, INFO_PENDING(%rcx)
	jne leave_event
leave_now:
	RESTORE_HOT
	add $8, %rsp
1:	iretq
	EX_TABLE 1b, fault_of_iret

leave_event:
	cmpb $0, INFO_MASK(%rcx)
	jne leave_now
	lea -HOT(%rsp), %rsi
	call inject_event
	jmp leave

leave_work:
	SAVE_REST
	mov %rsp, %rsi
	call vcpu_do_work
	RESTORE_REST
	mov HOT_VCPU, %rdi
	mov VCPU_INFO(%rdi), %rcx
	cmpb $0, INFO_PENDING(%rcx)
	jne leave_event
	jmp leave_now

/* Page faults are hot: most are the guest's own, and need no more of it. */
GLOBAL entry_page_fault
	SAVE_HOT
	cld
	SMAP SMAP_CLAC
	testb $3, R(CS)
	jz own_page_fault
	mov HOT_VCPU, %rdi
	lea -HOT(%rsp), %rsi
	mov %cr2, %rdx
	call trap_page_fault
	test %al, %al
	jnz leave
	SAVE_REST
	mov FULL_VCPU, %rdi
	mov %rsp, %rsi
	call trap_page_fault_emulate
	jmp leave_full

own_page_fault:
	SAVE_REST
/*
 * A fault of the hypervisor's: an access to guest memory that has a fixup, or
 * an iretq that the guest's values spoiled. In the second case the registers
 * to go on with are those of the guest.
 */
own_exception:
	mov %rsp, %rdi
	call trap_own
	cmp %rax, %rsp
	jne 1f
	RESTORE_REST
	jmp own_leave
1:	mov %rax, %rsp
	jmp exception_of_guest

GLOBAL entry_interrupt
	SAVE_HOT
	cld
	SMAP SMAP_CLAC
	mov R(VECTOR), %edi
	call trap_interrupt
	testb $3, R(CS)
	jnz leave
own_leave:
	RESTORE_HOT
	add $8, %rsp
	iretq

/*
 * #DB has a stack of its own, because MOV SS can delay it to the first
 * instruction of entry_syscall. From the guest it moves to the usual place.
 */
GLOBAL entry_debug
	testb $3, 16(%rsp)
	jz 1f
	push %rax
	mov %rsp, %rax
	mov 56(%rsp), %rsp /* cpu.c put it there: the CPU's struct cpu */
	push 48(%rax)
	push 40(%rax)
	push 32(%rax)
	push 24(%rax)
	push 16(%rax)
	push 8(%rax)
	mov (%rax), %rax
	jmp entry_exception
	/*
	 * Ours: a guest's TF or watchpoint that reaches into us. Go on; DR6 is
	 * as it is while the guest runs, so that it does not hear of this.
	 */
1:	push %rax
	push %rcx
	mov $X86_DR6_QUIET, %eax
	mov %rax, %dr6
	lea entry_sysenter(%rip), %rcx
	mov 24(%rsp), %rax
	sub %rcx, %rax
	cmp $(entry_sysenter_saved - entry_sysenter), %rax
	jb 2f
	andl $~X86_RFLAGS_TF, 40(%rsp)
2:	pop %rcx
	pop %rax
	add $8, %rsp
	iretq

GLOBAL entry_nmi
	add $8, %rsp
	iretq

GLOBAL entry_fatal
	SAVE_HOT
	SAVE_REST
	cld
	mov %rsp, %rdi
	call trap_fatal

/* Never run: as a fixup, it marks an iretq to the guest (own.c). */
GLOBAL fault_of_iret
	ud2

/*
 * First entry of a vCPU: rdi, struct regs at its place on this CPU's stack.
 */
GLOBAL enter_guest
	mov %rdi, %rsp
	jmp leave_full

	.bss
	.balign 8
measured_rax:
	.skip 8
measured_rdx:
	.skip 8

	.section .rodata
text_syscall_fault:
	.asciz "no stack at kernel_sp for a system call"
text_iret_fault:
	.asciz "cannot read the iret frame"
text_iret_no_user:
	.asciz "iret to user mode without a user page table"
