/* SPDX-License-Identifier: MIT */
/*
 * What a request that was carried out has done: the entry is the one that was
 * asked for, a flush has reached all whom it was for, and what must be refused
 * was not done.
 */
#include "tests/explore/check.h"

static uint64_t vcpus_of(const struct world *w, const struct mmu_domain *d)
{
	uint64_t set = 0;

	for (unsigned int i = 0; i < w->nr_vcpus; i++) {
		set |= w->vcpu[i].dom == d ? UINT64_C(1) << w->vcpu[i].id : 0;
	}
	return set;
}

/* Flushes that the guest asked for have reached whom they were for. */
static void check_flushed(struct world *w, const struct mmu_vcpu *v,
			  const struct request *r)
{
	uint64_t all = vcpus_of(w, v->dom);
	uint64_t asked = 0;
	bool page = r->kind == REQUEST_INVLPG_ALL ||
		    r->kind == REQUEST_INVLPG_MULTI;

	switch (r->kind) {
	case REQUEST_FLUSH_ALL:
	case REQUEST_INVLPG_ALL:
		asked = all;
		break;
	case REQUEST_FLUSH_MULTI:
	case REQUEST_INVLPG_MULTI:
		asked = r->level & all;
		break;
	case REQUEST_FLUSH_LOCAL:
		asked = UINT64_C(1) << v->id;
		break;
	case REQUEST_VA_MAPPING:
		asked = r->level != 0 ? all : 0;
		break;
	default:
		break;
	}
	if ((asked & ~(w->flushed_all | (page ? w->flushed_page : 0))) != 0) {
		world_fault(w, "a flush has not reached all it was for");
	}
}

/* The entry that was there, where that matters, and what it must be now. */
static void check_entry(struct world *w, const struct request *r,
			const struct before *before)
{
	const uint64_t kept = PTE_P | PTE_RW | PTE_NX | PTE_AVAIL;
	pte_t is = pte_read(
		&frame_ptes(&w->mmu, named(r->frame))[w->scope->slot[r->slot]]);
	pte_t asked = request_entry(w, r);

	if (((is.v ^ asked.v) & (PTE_FRAME_MASK | kept)) != 0) {
		world_fault(w, "an update wrote %#lx and not %#lx", is.v,
			    asked.v);
	}
	if (r->kind == REQUEST_UPDATE_AD && before->live && pte_present(is) &&
	    (before->entry.v & ~is.v & (PTE_A | PTE_D)) != 0) {
		world_fault(w, "an update lost what the CPU had set: %#lx",
			    is.v);
	}
}

static bool is_update(const struct request *r)
{
	return r->kind == REQUEST_UPDATE || r->kind == REQUEST_UPDATE_AD ||
	       r->kind == REQUEST_DIRECT;
}

void check_before(const struct world *w, const struct request *r,
		  struct before *ret)
{
	*ret = (struct before){
		/* What goes down first may take the table with it. */
		.must_fail =
			r->must_fail && (!r->always_bad ||
					 w->vcpu[r->vcpu].dom->dying_head == 0),
	};
	if (is_update(r)) {
		ret->entry =
			frame_ptes(&w->mmu,
				   named(r->frame))[w->scope->slot[r->slot]];
		ret->live = request_is_live_table(w, r->frame);
	}
}

void check_done(struct world *w, const struct request *r,
		const struct before *before)
{
	if (before->must_fail) {
		world_fault(w, "what must be refused was done");
	}
	check_flushed(w, &w->vcpu[r->vcpu], r);
	if (is_update(r)) {
		check_entry(w, r, before);
	}
}
