/* SPDX-License-Identifier: MIT */
/*
 * A 32-bit guest's struct vcpu_guest_context, member by member: it is no form
 * of words and bytes alone (engine/request/form.h), since its registers stand
 * in another order. What a 64-bit guest has besides is 0. The copy that comes
 * out is judged as any other.
 */
#include "hv/services/context_32.h"

/* As in xen.h, compiled for 32 bits. */
_Static_assert(sizeof(struct vcpu_info_32) == sizeof(struct vcpu_info) &&
		       offsetof(struct vcpu_info_32, time) ==
			       offsetof(struct vcpu_info, time),
	       "the same but for its words");
_Static_assert(offsetof(struct shared_info_32, evtchn_pending) == 2048 &&
		       offsetof(struct shared_info_32, wc_version) == 2304,
	       "as in xen.h");
_Static_assert(sizeof(struct vcpu_guest_context_32) == 2800, "as in xen.h");

static void widen_registers(struct cpu_user_regs *to,
			    const struct cpu_user_regs_32 *from)
{
	to->rbx = from->ebx;
	to->rcx = from->ecx;
	to->rdx = from->edx;
	to->rsi = from->esi;
	to->rdi = from->edi;
	to->rbp = from->ebp;
	to->rax = from->eax;
	to->rip = from->eip;
	to->cs = from->cs;
	to->rflags = from->eflags;
	to->rsp = from->esp;
	to->ss = from->ss;
	to->es = from->es;
	to->ds = from->ds;
	to->fs = from->fs;
	to->gs = from->gs;
}

void context_widen(struct vcpu_guest_context *to,
		   const struct vcpu_guest_context_32 *from)
{
	*to = (struct vcpu_guest_context){
		.flags = from->flags,
		.ldt_base = from->ldt_base,
		.ldt_ents = from->ldt_ents,
		.gdt_ents = from->gdt_ents,
		.kernel_ss = from->kernel_ss,
		.kernel_sp = from->kernel_sp,
		.event_callback_eip = from->event_callback_eip,
		.failsafe_callback_eip = from->failsafe_callback_eip,
		.syscall_callback_eip =
			(from->failsafe_callback_cs & UINT64_C(0xffff)) << 32 |
			(from->event_callback_cs & 0xffff),
		.vm_assist = from->vm_assist,
	};
	__builtin_memcpy(&to->fpu_ctxt, from->fpu_ctxt, sizeof(to->fpu_ctxt));
	widen_registers(&to->user_regs, &from->user_regs);
	for (unsigned int i = 0; i < 256; i++) {
		to->trap_ctxt[i] = (struct trap_info){
			.vector = from->trap_ctxt[i].vector,
			.flags = from->trap_ctxt[i].flags,
			.cs = from->trap_ctxt[i].cs,
			.address = from->trap_ctxt[i].address,
		};
	}
	for (unsigned int i = 0; i < 16; i++) {
		to->gdt_frames[i] = from->gdt_frames[i];
	}
	for (unsigned int i = 0; i < 8; i++) {
		to->ctrlreg[i] = from->ctrlreg[i];
		to->debugreg[i] = from->debugreg[i];
	}
}
