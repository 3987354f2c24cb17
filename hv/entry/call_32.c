/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls of a 32-bit guest's kernel, by INT 0x82: what entry_32.S leaves to
 * C. The gate is for ring 1, so that the CPU refuses users. Number and
 * arguments are eax and ebx, ecx, edx, esi, edi, ebp: 32 bits of each register
 * and no more, whatever stands above. Which function a number is, the second
 * column of hypercall.def says. IRET is none of them: it takes all registers.
 */
#include "hv/entry/call_32.h"

#include "engine/port.h"
#include "hv/cpu/slice.h"
#include "hv/cpu/x86.h"
#include "hv/domain/domain.h"
#include "hv/domain/stop.h"
#include "hv/vcpu/vcpu.h"

void call_32_begin(void)
{
	slice_begin();
}

void trap_call_32(struct vcpu *v, struct regs *r)
{
	slice_begin();
	r->vector = ENTRY_HYPERCALL;
	/* No 64-bit vCPU is ever in ring 1. */
	if (!v->narrow) {
		domain_crash(v, "a hypercall of 32-bit code");
		return;
	}
	v->kernel_mode = true;
	v->counters.calls[__HYPERVISOR_iret]++;
	trap_iret_32(v, r);
}

/* What the kernel pushed. */
struct iret_frame_32 {
	uint32_t eax, eip, cs, eflags, esp, ss;
};
#define IRET_SAME_RING offsetof(struct iret_frame_32, esp)

/*
 * The kernel's return from a trap, to its own ring or an outer one. Virtual
 * 8086 mode there is none in long mode: Xen makes it a fault at the target,
 * here the domain ends.
 */
void trap_iret_32(struct vcpu *v, struct regs *r)
{
	const uint32_t sp = (uint32_t)r->rsp;
	struct iret_frame_32 f = {0};

	if (port_copy_in(&v->mmu, &f, sp, IRET_SAME_RING) != 0) {
		domain_crash_at(v, "cannot read the iret frame", sp);
		return;
	}
	if ((f.eflags & X86_RFLAGS_VM) != 0 || (f.cs & 3) == 0) {
		domain_crash(v, "iret to ring 0, or to virtual 8086 mode");
		return;
	}
	if ((f.cs & 3) == 1) {
		f.esp = (uint32_t)(sp + IRET_SAME_RING);
		f.ss = (uint32_t)r->ss;
	} else if (port_copy_in(&v->mmu, &f, sp, sizeof(f)) != 0) {
		domain_crash_at(v, "cannot read the iret frame", sp);
		return;
	} else if ((f.eflags & X86_RFLAGS_VM) != 0 || (f.cs & 3) <= 1) {
		domain_crash(v, "an iret frame that changes as it is read");
		return;
	}
	r->rax = f.eax;
	r->rip = f.eip;
	r->cs = f.cs & 0xffff;
	r->rflags = (f.eflags & ~(uint64_t)(X86_RFLAGS_IOPL | X86_RFLAGS_VM)) |
		    X86_RFLAGS_IF | X86_RFLAGS_FIXED;
	if (v->domain->vm_assist >> VMASST_TYPE_architectural_iopl & 1) {
		v->iopl = f.eflags >> 12 & 3;
	}
	r->rsp = f.esp;
	r->ss = f.ss & 0xffff;
	v->kernel_mode = (f.cs & 3) == 1;
	v->event.info->evtchn_upcall_mask = (f.eflags & X86_RFLAGS_IF) == 0;
}
