/* SPDX-License-Identifier: MIT */
/*
 * The ways between guest user and guest kernel that are not hot enough for
 * entry.S: iret with an event waiting or other work, SYSCALL without a callback
 * or from 32-bit code, SYSENTER.
 */
#include "hv/entry/crossing.h"
#include "hv/entry/call_32.h"

#include "engine/port.h"
#include "hv/domain/domain.h"
#include "hv/mm/layout.h"
#include "hv/vcpu/inject.h"
#include "hv/vcpu/vcpu.h"
#include "hv/domain/stop.h"
#include "hv/cpu/x86.h"

#define SYSCALL_SIZE 2

void trap_iret(struct vcpu *v, struct regs *r, uint64_t stack)
{
	struct iret_context c;

	/* At a multicall's end. */
	if (v->narrow) {
		trap_iret_32(v, r);
		return;
	}
	r->error = 0;
	r->vector = ENTRY_HYPERCALL;
	if (port_copy_in(&v->mmu, &c, stack, sizeof(c)) != 0) {
		domain_crash_at(v, "cannot read the iret frame", stack);
		return;
	}
	if ((c.cs & 3) == 3) {
		if (v->mmu.user_root.v == 0) {
			domain_crash(v, "iret to user mode without a user "
					"page table");
			return;
		}
		vcpu_toggle_mode(v);
	}
	r->rip = c.rip;
	r->cs = (c.cs & 0xffff) | 3;
	r->rflags =
		(c.rflags &
		 (UINT32_MAX & ~(uint64_t)(X86_RFLAGS_IOPL | X86_RFLAGS_VM))) |
		X86_RFLAGS_IF | X86_RFLAGS_FIXED;
	if (v->domain->vm_assist >> VMASST_TYPE_architectural_iopl & 1) {
		v->iopl = c.rflags >> 12 & 3;
	}
	r->rsp = c.rsp;
	r->ss = (c.ss & 0xffff) | 3;
	r->rax = c.rax;
	if ((c.flags & VGCF_in_syscall) == 0) {
		r->r11 = c.r11;
		r->rcx = c.rcx;
	} else {
		r->r11 = r->rflags;
		r->rcx = r->rip;
	}
	v->event.info->evtchn_upcall_mask = (c.rflags & X86_RFLAGS_IF) == 0;
}

/* Neither instruction says which segments a 32-bit user has: the flat ones. */
static void user_segments(const struct vcpu *v, struct regs *r)
{
	if (v->narrow) {
		r->cs = SEL_32_USER_CS;
		r->ss = SEL_32_USER_SS;
	}
}

static void enter_callback(struct vcpu *v, struct regs *r,
			   const struct callback *c)
{
	inject_callback(v, r, c->cs, c->address,
			(c->flags & CALLBACKF_mask_events) != 0);
	r->rflags &= ~(uint64_t)X86_RFLAGS_DF;
}

void trap_syscall(struct vcpu *v, struct regs *r)
{
	const struct callback *c =
		r->cs == SEL_USER_CS32 ? &v->on_syscall32 : &v->on_syscall;

	user_segments(v, r);
	vcpu_note_ring(v, r);
	if (c->address == 0) {
		r->rip -= SYSCALL_SIZE;
		inject_exception(v, r, TRAP_UD, 0);
		return;
	}
	enter_callback(v, r, c);
}

void trap_sysenter(struct vcpu *v, struct regs *r)
{
	user_segments(v, r);
	vcpu_note_ring(v, r);
	if (v->on_sysenter.address == 0) {
		inject_exception(v, r, TRAP_GP, 0);
		return;
	}
	enter_callback(v, r, &v->on_sysenter);
}
