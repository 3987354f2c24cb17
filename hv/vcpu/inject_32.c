/* SPDX-License-Identifier: MIT */
/*
 * Frames on the stack of a 32-bit guest kernel, in the order in which the CPU
 * itself would push them:
 *
 *   [error, or ds, es, fs, gs], eip, cs | upcall mask << 16, eflags, [esp, ss]
 *
 * The last two only where the kernel was not running, whose stack is then the
 * one that it named; else the frame goes below its own. The stack is a segment
 * of the guest's: it is loaded into FS here, as it will be into SS, so that the
 * descriptor is what says where it begins, and whether there is one. Linear
 * addresses are at most a base of 32 bits and an offset of as many, which is
 * far from the hypervisor's, and what is mapped there is the guest's or the
 * M2P, which is read-only: each store may fault, and then there is no stack.
 *
 * A handler is always entered in ring 1, whatever its selector says. So a
 * segment that the CPU refuses on the way there is the kernel's own, which
 * cannot be told of it (own.c).
 */
#include "hv/vcpu/inject_32.h"

#include "hv/cpu/smap.h"
#include "hv/cpu/x86.h"
#include "hv/domain/domain.h"
#include "hv/domain/stop.h"
#include "hv/mm/guest.h"
#include "hv/report/log.h"
#include "hv/vcpu/inject.h"
#include "hv/vcpu/vcpu.h"

#define FRAME_WORDS 5
#define RING(selector) ((selector)&3)

static void restore_fs(uint16_t selector)
{
	__asm__ volatile goto(
		"1: mov %0, %%fs\n" EX_TABLE_ENTRY("1b", "%l[fault]")
		:
		: "r"((uint32_t)selector)
		: "memory"
		: fault);
	return;
fault:
	__asm__ volatile("mov %0, %%fs" : : "r"(0));
}

/* Some CPUs keep the old base when a null selector is loaded: none is. */
static bool load_stack(uint16_t selector)
{
	if ((selector & ~3) == 0) {
		return false;
	}
	__asm__ volatile goto(
		"1: mov %0, %%fs\n" EX_TABLE_ENTRY("1b", "%l[fault]")
		:
		: "r"((uint32_t)selector)
		: "memory"
		: fault);
	return true;
fault:
	return false;
}

/* Words from `sp` on, of the stack that FS has. */
static bool store(uint32_t sp, const uint32_t *word, unsigned int nr)
{
	guest_access_begin();
	for (unsigned int i = 0; i < nr; i++) {
		const uint64_t at = (uint32_t)(sp + i * sizeof(*word));

		__asm__ volatile goto("1: movl %0, %%fs:(%1)\n" EX_TABLE_ENTRY(
					      "1b", "%l[fault]")
				      :
				      : "r"(word[i]), "r"(at)
				      : "memory"
				      : fault);
	}
	guest_access_end();
	return true;
fault:
	return false;
}

static bool push(uint16_t ss, uint32_t sp, const uint32_t *word,
		 unsigned int nr)
{
	uint16_t fs;
	bool done;

	__asm__ volatile("mov %%fs, %0" : "=r"(fs));
	done = load_stack(ss) && store(sp, word, nr);
	restore_fs(fs);
	return done;
}

static bool no_entry(struct vcpu *v, const char *why, uint32_t at)
{
	log_error("d%uv%u %s: %08x", v->domain->mmu.domid, v->id, why, at);
	domain_crash_at(v, why, at);
	return false;
}

bool inject_32(struct vcpu *v, struct regs *r, const struct entry_32 *e)
{
	struct vcpu_info *info = v->event.info;
	const bool masked = info->evtchn_upcall_mask != 0;
	const bool inside = RING(r->cs) == 1;
	uint32_t frame[ENTRY_32_BELOW + FRAME_WORDS] = {
		[ENTRY_32_BELOW] = (uint32_t)r->rip,
		(uint16_t)r->cs | (uint32_t)masked << 16,
		(uint32_t)inject_flags(v, r, masked),
		(uint32_t)r->rsp,
		(uint16_t)r->ss,
	};
	const unsigned int first = ENTRY_32_BELOW - e->nr_below;
	const unsigned int nr =
		e->nr_below + (inside ? FRAME_WORDS - 2 : FRAME_WORDS);
	uint32_t sp = (uint32_t)(inside ? r->rsp : v->kernel_sp);
	uint16_t ss = (uint16_t)(inside ? r->ss : v->kernel_ss);

	for (unsigned int i = 0; i < e->nr_below; i++) {
		frame[first + i] = e->below[i];
	}
	sp -= (uint32_t)(nr * sizeof(frame[0]));
	if (!push(ss, sp, frame + first, nr)) {
		return no_entry(v, "no stack for an exception frame", sp);
	}
	if ((e->cs & ~3) == 0) {
		return no_entry(v, "no code segment for a handler", e->eip);
	}
	if (e->masks_events) {
		info->evtchn_upcall_mask = 1;
	}
	v->kernel_mode = true;
	r->rip = e->eip;
	r->cs = (e->cs & ~3u) | 1;
	r->ss = ss;
	r->rsp = sp;
	r->rflags &= ~INJECT_FLAGS_CLEARED;
	return true;
}
