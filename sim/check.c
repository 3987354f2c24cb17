/* SPDX-License-Identifier: MIT */
/*
 * What is checked between two hypercalls. The audit holds tables against
 * counts, and so finds a writable mapping of a table in the tables; that none
 * is left in the TLB only the simulator can know.
 */
#include "sim/check.h"

#include "sim/cpu.h"

static bool may_be_written(const struct sim *s, mfn_t f)
{
	const struct frame *fr;

	if (!mfn_valid(&s->mmu, f)) {
		return true; /* nothing is there to be harmed */
	}
	fr = frame_of(&s->mmu, f);
	if (fr->owner != s->dom.tag) {
		return false;
	}
	return (!frame_is_table(fr->type) && fr->type != FRAME_DESC) ||
	       frame_type_refs(fr) == 0;
}

bool check_tlb(const struct sim *s, struct tlb_entry *ret)
{
	for (uint32_t i = 0; i < s->tlb.nr; i++) {
		const struct tlb_entry *e = &s->tlb.entry[i];

		if ((e->to.flags & PTE_RW) != 0 && cpu_can_use(s, e) &&
		    !may_be_written(s, maddr_to_mfn(e->to.page))) {
			*ret = *e;
			return false;
		}
	}
	return true;
}

uint64_t check_audit(struct sim *s, struct audit_report *report)
{
	struct mmu_domain *doms[] = {&s->dom};

	return mmu_audit(&s->mmu, doms, 1, s->tally, report);
}

void check_machine(struct sim *s)
{
	struct audit_report report;
	struct tlb_entry e;

	if (check_audit(s, &report) != 0) {
		const struct audit_difference *d = &report.first[0];

		sim_violation(s,
			      "audit: %llu differences, the first: %s of mfn "
			      "%llx is %llx and should be %llx (I6)",
			      (unsigned long long)report.total,
			      audit_kind_name(d->kind),
			      (unsigned long long)d->frame.v,
			      (unsigned long long)d->seen,
			      (unsigned long long)d->expected);
	}
	if (!check_tlb(s, &e)) {
		sim_violation(s,
			      "the TLB lets the guest write mfn %llx at %llx, "
			      "which is a table or not the domain's (I2, I9)",
			      (unsigned long long)maddr_to_mfn(e.to.page).v,
			      (unsigned long long)e.va.v);
	}
}
