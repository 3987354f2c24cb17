/* SPDX-License-Identifier: MIT */
/*
 * Entering the guest kernel: frames on its stack, as xen.h's ABI has them.
 *
 *   rcx, r11, [error], rip, cs | upcall mask << 32, rflags, rsp, ss
 *
 * From user mode the frame goes to the stack that the kernel named, from
 * kernel mode below its own; either is the guest's word only, so the range is
 * checked and every store may fault. A kernel has no second stack to take the
 * fault on: the domain crashes.
 *
 * The CS stored for kernel mode has RPL 0, by which the kernel tells it from
 * its users; the live one has RPL 3 again.
 */
#include "hv/vcpu/inject.h"
#include "hv/vcpu/inject_32.h"

#include "hv/domain/domain.h"
#include "hv/domain/stop.h"
#include "hv/report/log.h"
#include "hv/report/phase.h"
#include "hv/report/recent.h"
#include "hv/cpu/smap.h"
#include "hv/mm/guest.h"
#include "hv/mm/layout.h"
#include "hv/report/print.h"
#include "hv/vcpu/vcpu.h"
#include "hv/cpu/x86.h"

#define FRAME_SPACE 64

#define WITH_ERROR_CODE                                        \
	((1u << TRAP_DF) | (1u << TRAP_TS) | (1u << TRAP_NP) | \
	 (1u << TRAP_SS) | (1u << TRAP_GP) | (1u << TRAP_PF) | \
	 (1u << TRAP_AC))

static bool stack_fault(struct vcpu *v, uint64_t sp)
{
	log_error("d%uv%u no stack at %016lx for an exception frame",
		  v->domain->mmu.domid, v->id, sp);
	domain_crash_at(v, "no stack for an exception frame", sp);
	return false;
}

static __attribute__((noinline)) bool bounce_32(struct vcpu *v, struct regs *r,
						uint16_t cs, uint64_t address,
						bool mask_events,
						bool has_error, uint64_t error)
{
	const struct entry_32 e = {
		.cs = cs,
		.eip = (uint32_t)address,
		.masks_events = mask_events,
		.nr_below = has_error,
		.below = {(uint32_t)error},
	};

	return inject_32(v, r, &e);
}

static inline __attribute__((always_inline)) bool bounce_64(
	struct vcpu *v, struct regs *r, uint64_t address, bool mask_events,
	bool has_error, uint64_t error)
{
	struct vcpu_info *info = v->event.info;
	const bool masked = info->evtchn_upcall_mask != 0;
	uint64_t cs = (r->cs & 0xffff) | (uint64_t)masked << 32;
	uint64_t sp = r->rsp & ~UINT64_C(15);

	if (v->kernel_mode) {
		cs &= ~UINT64_C(3);
	} else {
		vcpu_toggle_mode(v);
		sp = v->kernel_sp;
	}
	if (!guest_range_ok(sp - FRAME_SPACE, FRAME_SPACE)) {
		return stack_fault(v, sp);
	}
	guest_access_begin();
	GUEST_STORE(sp - 8, r->ss, fault);
	GUEST_STORE(sp - 16, r->rsp, fault);
	GUEST_STORE(sp - 24, inject_flags(v, r, masked), fault);
	GUEST_STORE(sp - 32, cs, fault);
	GUEST_STORE(sp - 40, r->rip, fault);
	sp -= 40;
	if (has_error) {
		sp -= 8;
		GUEST_STORE(sp, error, fault);
	}
	GUEST_STORE(sp - 8, r->r11, fault);
	GUEST_STORE(sp - 16, r->rcx, fault);
	guest_access_end();
	if (mask_events) {
		info->evtchn_upcall_mask = 1;
	}
	r->rip = address;
	r->cs = SEL_USER_CS64;
	r->ss = SEL_USER_SS;
	r->rsp = sp - 16;
	r->rflags &= ~INJECT_FLAGS_CLEARED;
	return true;
fault:
	return stack_fault(v, sp);
}

static inline __attribute__((always_inline)) bool bounce(
	struct vcpu *v, struct regs *r, uint16_t cs, uint64_t address,
	bool mask_events, bool has_error, uint64_t error)
{
	if (unlikely(v->narrow)) {
		return bounce_32(v, r, cs, address, mask_events, has_error,
				 error);
	}
	return bounce_64(v, r, address, mask_events, has_error, error);
}

bool inject_callback(struct vcpu *v, struct regs *r, uint16_t cs,
		     uint64_t address, bool mask_events)
{
	return bounce(v, r, cs, address, mask_events, false, 0);
}

void inject_exception(struct vcpu *v, struct regs *r, unsigned int vector,
		      uint32_t error)
{
	const struct trap_info *t = &v->trap[vector & 255];
	bool has_error = vector < 32 && (WITH_ERROR_CODE >> vector & 1) != 0;

	recent_note(&v->recent, vector, has_error ? error : 0, r->rip, 0);
	if (t->address == 0) {
		log_error("d%uv%u unhandled: vec %u, %s[%04x]",
			  v->domain->mmu.domid, v->id, vector,
			  trap_name(vector), has_error ? error : 0);
		domain_crash(v, "exception without a handler");
		return;
	}
	bounce(v, r, t->cs, t->address, (t->flags & 4) != 0, has_error, error);
}

void inject_page_fault(struct vcpu *v, struct regs *r, uint64_t cr2,
		       uint32_t error)
{
	const struct trap_info *t = &v->trap[TRAP_PF];

	if (v->kernel_mode) {
		error &= ~(uint32_t)PF_ERROR_USER;
	} else {
		error |= PF_ERROR_USER;
	}
	vcpu_set_cr2(v, cr2);
	recent_note(&v->recent, TRAP_PF, error, r->rip, cr2);
	if (t->address == 0) {
		log_error("d%uv%u unhandled page fault (ec=%04x)",
			  v->domain->mmu.domid, v->id, error);
		domain_crash_at(v, "page fault without a handler", cr2);
		return;
	}
	bounce(v, r, t->cs, t->address, (t->flags & 4) != 0, true, error);
}

void inject_event(struct vcpu *v, struct regs *r)
{
	if (v->on_event.address == 0) {
		domain_crash(v, "event without an event callback");
		return;
	}
	phase_events(v->domain);
	bounce(v, r, v->on_event.cs, v->on_event.address, true, false, 0);
}
