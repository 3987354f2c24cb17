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
	uint64_t info = (uint64_t)f->type << 60;

	if (f->flags & FRAME_PINNED) {
		info |= UINT64_C(1) << 59;
	}
	if (f->flags & FRAME_VALIDATED) {
		info |= UINT64_C(1) << 58;
	}
	if (f->flags & (FRAME_PARTIAL | FRAME_DYING)) {
		info |= UINT64_C(1) << 57;
	}
	return info | frame_type_refs(f);
}

uint64_t frame_type_expected(enum frame_type type)
{
	return (uint64_t)type << 60;
}

int refuse(struct mmu_domain *d, enum rule rule, struct refusal_facts facts)
{
	struct refusal *r = &d->refusal;
	struct mmu *m = d->m;
	uint64_t serial = r->serial + 1;

	*r = (struct refusal){
		.op = d->op,
		.rule = rule,
		.level = (uint8_t)facts.level,
		.frame = MFN_INVALID,
		.pfn = PFN_INVALID,
		.entry = facts.entry,
		.where = maddr(INVALID_FRAME),
		.serial = serial,
	};
	if (facts.frame != NULL) {
		r->frame = *facts.frame;
		if (mfn_valid(m, r->frame)) {
			const struct frame *f = frame_of(m, r->frame);

			r->pfn = pfn(m->m2p[r->frame.v]);
			r->seen = frame_type_info(f);
			r->has_types = facts.expected != FRAME_NONE;
			r->expected = frame_type_expected(facts.expected);
		}
	}
	if (facts.where != NULL) {
		r->where = *facts.where;
	}
	d->stats.refused++;
	port_refused(d, r);
	return -rule_info[rule].err;
}

int refuse_op(struct mmu_domain *d, enum rule rule)
{
	return refuse(d, rule, (struct refusal_facts){0});
}

int refuse_frame(struct mmu_domain *d, enum rule rule, mfn_t frame)
{
	return refuse(d, rule, (struct refusal_facts){.frame = &frame});
}
