/* SPDX-License-Identifier: MIT */
/*
 * Facts are taken while the machine stands as it stood: at the first refusal,
 * or at the end. The maker of an entry is the last request that set it; where
 * none did, the last store over it, made while the table was none; where there
 * was none either, it is the domain builder's.
 */
#include "cli/lab_why.h"

#include <string.h>

#include "cli/lab_past.h"
#include "sim/cpu.h"
#include "sim/lazy.h"

#define GIB4 (UINT64_C(1) << 32)

/* The simulated machine's RAM is in one piece. */
static struct why_machine machine_of(const struct sim *s)
{
	return (struct why_machine){
		.ram = s->mmu.ram,
		.size = s->ram_bytes,
		.below_4g = s->ram_bytes < GIB4 ? s->ram_bytes : GIB4,
		.frames = s->mmu.frames,
		.nr_frames = s->mmu.nr_frames,
		.m2p = s->mmu.m2p,
		.tag = s->dom.tag,
	};
}

/* A frame's holders, who made them, and what happened to it before. */
static void ask_frame(struct sim *s, struct lab_why *w, mfn_t f)
{
	struct why_machine m = machine_of(s);

	if (!s->config.hypervisor) {
		return;
	}
	w->mfn = f.v;
	if (!mfn_valid(&s->mmu, f)) {
		return;
	}
	w->pfn = sim_m2p(s, f);
	w->type_info = frame_type_info(frame_of(&s->mmu, f));
	holders_find(&m, f.v, &w->holders);
	w->nr_uses = mmu_uses(&s->dom, f, w->use, LAB_USES);
	for (unsigned int i = 0; i < w->holders.nr; i++) {
		const struct holder *h = &w->holders.list[i];

		lab_past_entry(s, mfn(h->table), h->slot, &w->maker[i]);
	}
	if (w->holders.pinned) {
		lab_past_pin(s, f, &w->pin_maker);
	}
	lab_past_history(s, w, f);
}

static void refused(struct sim *s, const struct refusal *r)
{
	struct lab_why *w = s->witness_state;

	if (w->kind != LAB_WHY_NOTHING) {
		return;
	}
	w->kind = LAB_WHY_REFUSED;
	w->refused = *r;
	w->by_vcpu = r->op.vcpu != NULL;
	w->vcpu = w->by_vcpu ? r->op.vcpu->id : 0;
	w->refused.op.vcpu = NULL;
	w->refusal = &w->refused;
	lab_past_stack(s, s->record->asking, &w->asker);
	lab_past_stack(s, record_who_queued(s, &r->op), &w->queuer);
	if (r->frame.v != INVALID_FRAME) {
		ask_frame(s, w, r->frame);
	}
}

/* The entry by which an address is, or is not, mapped. */
static mfn_t ask_address(struct sim *s, struct lab_why *w, vaddr_t va)
{
	struct walk now;
	const struct walk_step *step;

	cpu_peek(s, va, &now);
	step = &now.step[now.end];
	w->at_address = true;
	w->va = va;
	w->level = now.end;
	w->table = maddr_to_mfn(step->at).v;
	w->slot = step->index;
	w->entry = step->entry;
	lab_past_entry(s, mfn(w->table), w->slot, &w->entry_maker);
	return now.mapped ? maddr_to_mfn(now.to.page) : MFN_INVALID;
}

static bool is_table(const struct sim *s, mfn_t f)
{
	const struct frame *fr;

	if (!s->config.hypervisor || !mfn_valid(&s->mmu, f)) {
		return false;
	}
	fr = frame_of(&s->mmu, f);
	return frame_is_table(fr->type) && frame_type_refs(fr) != 0;
}

static void ask_fault(struct sim *s, struct lab_why *w)
{
	const struct sim_fault *fault = &s->fault;
	mfn_t f = ask_address(s, w, fault->va);

	w->code = fault->code;
	w->kind = fault->stale ? LAB_WHY_STALE
		  : (fault->code & PF_WRITE) != 0 && is_table(s, f)
			  ? LAB_WHY_WRITTEN
			  : LAB_WHY_FAULT;
	w->used_flags = s->last_stale.used.flags;
	lab_past_stack(s, fault->callers, &w->asker);
	if (f.v != INVALID_FRAME) {
		ask_frame(s, w, f);
	}
}

static void ended(struct sim *s, const struct lab_kernel *k,
		  const struct lab_result *r)
{
	struct lab_why *w = s->witness_state;

	w->notes = k->notes;
	if (w->kind != LAB_WHY_NOTHING) {
		return;
	}
	if (s->fault.happened) {
		ask_fault(s, w);
	} else if (r->outcome == LAB_WRONG) {
		pfn_t at = r->findings.first;
		mfn_t f = ask_address(s, w,
				      vaddr_add(k->config.direct_base,
						pfn_to_paddr(at).v));

		w->kind = LAB_WHY_MISTAKE;
		if (f.v != INVALID_FRAME) {
			ask_frame(s, w, f);
		}
		w->pfn = at.v;
	}
}

static const struct lab_witness witness = {
	.machine = {.refused = refused},
	.ended = ended,
};

static void cut_stacks(const struct lab_self *self, struct lab_why *w)
{
	lab_stack_cut(self, &w->asker);
	lab_stack_cut(self, &w->queuer);
	lab_stack_cut(self, &w->entry_maker.stack);
	lab_stack_cut(self, &w->pin_maker.stack);
	for (unsigned int i = 0; i < w->holders.nr; i++) {
		lab_stack_cut(self, &w->maker[i].stack);
	}
	for (unsigned int i = 0; i < w->nr_past; i++) {
		lab_stack_cut(self, &w->past[i].stack);
	}
}

void lab_why_run(const struct lab_self *self, const struct lab_case *c,
		 const struct lab_options *o, struct lab_result *r,
		 struct lab_why *ret)
{
	struct lab_options watched = *o;

	*ret = (struct lab_why){.mfn = INVALID_FRAME, .pfn = INVALID_FRAME};
	watched.witness = &witness;
	watched.witness_state = ret;
	lab_run(c, &watched, r);
	if (r->outcome == LAB_NOT_STARTED) {
		ret->kind = LAB_WHY_NO_START;
	}
	memcpy(ret->line, r->message, sizeof(ret->line));
	cut_stacks(self, ret);
}
