/* SPDX-License-Identifier: MIT */
/*
 * Refusals: the one place where an operation is turned down. The record holds
 * facts, not text; text is made when somebody wants to read it.
 */
#include "engine/report/refusal.h"

#include "engine/mmu.h"
#include "engine/port.h"

const struct rule_info rule_info[RULES] = {
	[RULE_NONE] = {"NONE", "nothing was refused", "", 0},
#define RULE(id, errno_, invariant_, sentence_) \
	[RULE_##id] = {#id, sentence_, invariant_, XEN_##errno_},
#include "engine/report/rules.def"
#undef RULE
};

uint64_t frame_type_info(const struct frame *f)
{
	uint64_t info = frame_type_expected(f->type);

	if (f->flags & FRAME_PINNED) {
		info |= UINT64_C(1) << 59;
	}
	if (f->flags & FRAME_VALIDATED) {
		info |= UINT64_C(1) << 58;
	}
	if (f->flags & (FRAME_PARTIAL | FRAME_DYING)) {
		info |= UINT64_C(1) << 56;
	}
	return info | frame_type_refs(f);
}

uint64_t frame_type_expected(enum frame_type type)
{
	return type == FRAME_L2_XEN ? UINT64_C(0x22) << 56
				    : (uint64_t)type << 60;
}

/* The frame that a refusal is about, as it was then. */
static void note_frame(const struct mmu *m, struct refusal *r, mfn_t f,
		       enum frame_type expected)
{
	r->frame = f;
	if (mfn_valid(m, f)) {
		r->pfn = pfn(m->m2p[f.v]);
		r->seen = frame_type_info(frame_of(m, f));
		r->has_types = expected != FRAME_NONE;
		r->expected = frame_type_expected(expected);
	}
}

static void note_operands(struct refusal *r, const struct mmu_op *op)
{
	if (op->operand != NULL) {
		r->nr_operands = operation_info[op->id].nr_operands;
	}
	r->op.operand = NULL;
	r->op.list = NULL;
	for (unsigned int i = 0; i < r->nr_operands; i++) {
		r->operand[i] = op->operand[i];
	}
}

int refuse(struct mmu_domain *d, enum rule rule, struct refusal_facts facts)
{
	struct refusal *r = &d->refusal;
	uint64_t serial = r->serial + 1;

	refusal_tell(d);
	*r = (struct refusal){
		.op = d->op,
		.request = d->serial,
		.source = operation_source(&d->op),
		.of = operation_list_size(&d->op),
		.rule = rule,
		.level = (uint8_t)facts.level,
		.frame = MFN_INVALID,
		.pfn = PFN_INVALID,
		.entry = facts.entry,
		.bits = facts.bits,
		.serial = serial,
	};
	note_operands(r, &d->op);
	if (facts.frame != NULL) {
		note_frame(d->m, r, *facts.frame, facts.expected);
	}
	d->stats.refused++;
	d->refusal_untold = true;
	return -rule_info[rule].err;
}

void refusal_at(struct mmu_domain *d, int rc, struct entry_place place,
		pte_t entry)
{
	struct refusal *r = &d->refusal;

	if (rc == -XEN_ERESTART || !d->refusal_untold || r->nr_path == 4) {
		return;
	}
	if (r->nr_path == 0) {
		r->entry = entry;
		r->level = place.level;
	}
	r->path[r->nr_path++] = place;
}

void refusal_replaces(struct mmu_domain *d, int rc, pte_t old)
{
	if (rc != -XEN_ERESTART && d->refusal_untold) {
		d->refusal.has_old = true;
		d->refusal.old = old;
	}
}

void refusal_tell(struct mmu_domain *d)
{
	if (d->refusal_untold) {
		d->refusal_untold = false;
		port_refused(d, &d->refusal);
	}
}

int refuse_op(struct mmu_domain *d, enum rule rule)
{
	return refuse(d, rule, (struct refusal_facts){0});
}

int refuse_frame(struct mmu_domain *d, enum rule rule, mfn_t frame)
{
	return refuse(d, rule, (struct refusal_facts){.frame = &frame});
}
