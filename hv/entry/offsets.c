/* SPDX-License-Identifier: MIT */
/*
 * Places in structures, for assembly. This file is compiled to assembly text
 * only, from which the build takes the lines "->NAME VALUE" as offsets.h
 * (mk/hv.mk): no offset is written down twice.
 */
#include <stddef.h>

#include "abi/control.h"
#include "abi/xen.h"
#include "hv/cpu/cpu.h"
#include "hv/cpu/regs.h"
#include "hv/entry/hypercall.h"
#include "hv/vcpu/vcpu.h"

#define VALUE(name, value) \
	__asm__ volatile(".ascii \"->" #name " %c0\"" : : "i"(value))
#define OFFSET(name, type, member) VALUE(name, offsetof(type, member))

void offsets(void);

static void of_cpu(void)
{
	VALUE(CPU_STACK_SIZE, CPU_STACK_SIZE);
	VALUE(CPUS_MAX, CPUS_MAX);
	OFFSET(CPU_VCPU, struct cpu, vcpu);
	OFFSET(CPU_SLICE_END, struct cpu, slice.end);
	OFFSET(CPU_LOAD_USER, struct cpu, tags.load[TAG_USER]);
	OFFSET(CPU_LOAD_KERNEL, struct cpu, tags.load[TAG_KERNEL]);
	OFFSET(CPU_KEPT_USER, struct cpu, tags.kept[TAG_USER]);
	OFFSET(CPU_KEPT_KERNEL, struct cpu, tags.kept[TAG_KERNEL]);
	OFFSET(CPU_ASKED, struct cpu, slice.asked);
	OFFSET(CPU_BEGAN, struct cpu, slice.began);
	OFFSET(AREA_REGS, struct cpu_area, regs);
	OFFSET(AREA_CPU, struct cpu_area, cpu);
}

static void of_regs(void)
{
	OFFSET(REGS_R15, struct regs, r15);
	OFFSET(REGS_R14, struct regs, r14);
	OFFSET(REGS_R13, struct regs, r13);
	OFFSET(REGS_R12, struct regs, r12);
	OFFSET(REGS_RBP, struct regs, rbp);
	OFFSET(REGS_RBX, struct regs, rbx);
	OFFSET(REGS_R11, struct regs, r11);
	OFFSET(REGS_RCX, struct regs, rcx);
	OFFSET(REGS_RAX, struct regs, rax);
	OFFSET(REGS_RDI, struct regs, rdi);
	OFFSET(REGS_RSI, struct regs, rsi);
	OFFSET(REGS_RDX, struct regs, rdx);
	OFFSET(REGS_R10, struct regs, r10);
	OFFSET(REGS_R8, struct regs, r8);
	OFFSET(REGS_R9, struct regs, r9);
	OFFSET(REGS_ERROR, struct regs, error);
	OFFSET(REGS_VECTOR, struct regs, vector);
	OFFSET(REGS_RIP, struct regs, rip);
	OFFSET(REGS_CS, struct regs, cs);
	OFFSET(REGS_RFLAGS, struct regs, rflags);
	OFFSET(REGS_RSP, struct regs, rsp);
	OFFSET(REGS_SS, struct regs, ss);
	VALUE(REGS_SIZE, sizeof(struct regs));
	VALUE(ENTRY_HYPERCALL, ENTRY_HYPERCALL);
	VALUE(ENTRY_SYSCALL, ENTRY_SYSCALL);
	VALUE(ENTRY_SYSENTER, ENTRY_SYSENTER);
}

static void of_vcpu(void)
{
	OFFSET(VCPU_KERNEL_ROOT, struct vcpu, mmu.kernel_root);
	OFFSET(VCPU_USER_ROOT, struct vcpu, mmu.user_root);
	OFFSET(VCPU_WORK, struct vcpu, work);
	OFFSET(VCPU_KERNEL_MODE, struct vcpu, kernel_mode);
	OFFSET(VCPU_NARROW, struct vcpu, narrow);
	OFFSET(VCPU_KERNEL_SP, struct vcpu, kernel_sp);
	OFFSET(VCPU_SYSCALL, struct vcpu, on_syscall.address);
	OFFSET(VCPU_SYSCALL_FLAGS, struct vcpu, on_syscall.flags);
	OFFSET(VCPU_INFO, struct vcpu, event.info);
	OFFSET(VCPU_CALLS, struct vcpu, counters.calls);
	OFFSET(VCPU_RECENT, struct vcpu, recent.call);
	OFFSET(VCPU_NEXT_CALL, struct vcpu, recent.next_call);
	VALUE(SYSCALL_FAST, SYSCALL_FAST);
}

static void of_abi(void)
{
	OFFSET(IRET_RAX, struct iret_context, rax);
	OFFSET(IRET_R11, struct iret_context, r11);
	OFFSET(IRET_RCX, struct iret_context, rcx);
	OFFSET(IRET_FLAGS, struct iret_context, flags);
	OFFSET(IRET_RIP, struct iret_context, rip);
	OFFSET(IRET_CS, struct iret_context, cs);
	OFFSET(IRET_RFLAGS, struct iret_context, rflags);
	OFFSET(IRET_RSP, struct iret_context, rsp);
	OFFSET(IRET_SS, struct iret_context, ss);
	VALUE(VGCF_IN_SYSCALL, VGCF_in_syscall);
	OFFSET(INFO_PENDING, struct vcpu_info, evtchn_upcall_pending);
	OFFSET(INFO_MASK, struct vcpu_info, evtchn_upcall_mask);
	VALUE(ERESTART, XEN_ERESTART);
	VALUE(ENOSYS, XEN_ENOSYS);
	VALUE(HYPERCALLS, HYPERCALLS);
	VALUE(HYPERCALL_IRET, __HYPERVISOR_iret);
	VALUE(CONTROL_EXIT_PORT, CONTROL_EXIT_PORT);
	VALUE(CONTROL_EXIT_FAILED, CONTROL_EXIT_FAILED);
}

void offsets(void)
{
	of_cpu();
	of_regs();
	of_vcpu();
	of_abi();
}
