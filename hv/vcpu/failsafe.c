/* SPDX-License-Identifier: MIT */
/*
 * A data segment that a vCPU had when it left the CPU may be none when it comes
 * back: its descriptor is in the guest's own tables. The CPU has a null
 * selector in its place then (state.c), and the kernel is told by its failsafe
 * callback, with what was to be loaded on top of a frame as that of an event:
 *
 *   64 bits   rcx, r11, ds, es, fs, gs, rip, cs | mask << 32, rflags, rsp, ss
 *   32 bits   ds, es, fs, gs, eip, cs | mask << 16, eflags, [esp, ss]
 *
 * A kernel without such a callback goes on with the null selector.
 */
#include "hv/vcpu/failsafe.h"

#include "hv/cpu/smap.h"
#include "hv/domain/stop.h"
#include "hv/mm/guest.h"
#include "hv/mm/layout.h"
#include "hv/vcpu/inject.h"
#include "hv/vcpu/inject_32.h"

enum { WORDS = 11 };

static void enter_32(struct vcpu *v, struct regs *r)
{
	const struct entry_32 e = {
		.cs = v->on_failsafe.cs,
		.eip = (uint32_t)v->on_failsafe.address,
		.masks_events = v->on_failsafe.flags & CALLBACKF_mask_events,
		.nr_below = 4,
		.below = {v->saved.ds, v->saved.es, v->saved.fs, v->saved.gs},
	};

	(void)inject_32(v, r, &e);
}

static bool push(uint64_t sp, const uint64_t word[WORDS])
{
	if (!guest_range_ok(sp, WORDS * sizeof(*word))) {
		return false;
	}
	guest_access_begin();
	for (unsigned int i = 0; i < WORDS; i++) {
		GUEST_STORE(sp + i * sizeof(*word), word[i], fault);
	}
	guest_access_end();
	return true;
fault:
	return false;
}

static void enter_64(struct vcpu *v, struct regs *r)
{
	struct vcpu_info *info = v->event.info;
	const bool masked = info->evtchn_upcall_mask != 0;
	const uint64_t cs = v->kernel_mode ? r->cs & 0xfffc : r->cs & 0xffff;
	const uint64_t frame[WORDS] = {
		r->rcx,
		r->r11,
		v->saved.ds,
		v->saved.es,
		v->saved.fs,
		v->saved.gs,
		r->rip,
		cs | (uint64_t)masked << 32,
		inject_flags(v, r, masked),
		r->rsp,
		r->ss,
	};
	uint64_t sp = (v->kernel_mode ? r->rsp : v->kernel_sp) & ~UINT64_C(15);

	if (!v->kernel_mode) {
		vcpu_toggle_mode(v);
	}
	sp -= sizeof(frame);
	if (!push(sp, frame)) {
		domain_crash_at(v, "no stack for a failsafe frame", sp);
		return;
	}
	if (v->on_failsafe.flags & CALLBACKF_mask_events) {
		info->evtchn_upcall_mask = 1;
	}
	r->rip = v->on_failsafe.address;
	r->cs = SEL_USER_CS64;
	r->ss = SEL_USER_SS;
	r->rsp = sp;
	r->rflags &= ~INJECT_FLAGS_CLEARED;
}

void failsafe_enter(struct vcpu *v, struct regs *r)
{
	if (v->narrow) {
		enter_32(v, r);
	} else {
		enter_64(v, r);
	}
}
