/* SPDX-License-Identifier: MIT */
/*
 * What a request that was carried out has done: the entry is the one that was
 * asked for, a flush has reached all whom it was for, and what must be refused
 * was not done.
 */
#include "tests/explore/check.h"

#include "tests/explore/find.h"
#include "tests/explore/state_record.h"

static uint64_t vcpus_of(const struct world *w, const struct mmu_domain *d)
{
	uint64_t set = 0;

	for (unsigned int i = 0; i < w->nr_vcpus; i++) {
		set |= w->vcpu[i].dom == d ? UINT64_C(1) << w->vcpu[i].id : 0;
	}
	return set;
}

/* When all CPUs have dropped all, no frame waits for that any more. */
static void check_epochs(struct world *w)
{
	for (unsigned int i = 0; i < w->nr_named; i++) {
		const struct frame *fr = frame_of(&w->mmu, named(i));

		if (!is_listed(fr) && !has_progress(fr) && epoch_runs(w, fr)) {
			world_fault(w, "all is flushed, frame %#lx not",
				    named(i).v);
		}
	}
}

/* Flushes that the guest asked for have reached whom they were for. */
static void check_flushed(struct world *w, const struct mmu_vcpu *v,
			  const struct request *r, bool settled)
{
	uint64_t all = vcpus_of(w, v->dom);
	uint64_t asked = 0;
	bool page = r->kind == REQUEST_INVLPG_ALL ||
		    r->kind == REQUEST_INVLPG_MULTI ||
		    (r->kind == REQUEST_VA_MAPPING && r->level == FLUSHES_PAGE);
	bool no_more = settled && (r->kind == REQUEST_FLUSH_MULTI ||
				   r->kind == REQUEST_FLUSH_LOCAL);

	switch (r->kind) {
	case REQUEST_FLUSH_ALL:
		asked = all;
		break;
	case REQUEST_INVLPG_ALL:
		asked = r->level == 0 ? all : 0;
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
	if (no_more && (w->flushed_all & ~asked) != 0) {
		world_fault(w, "a flush has reached more than it was for");
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

/* Who replaces a table has to see to it that nobody walks the old one, before
 * the guest goes on (XSA-286). A frame that is no table any more is no matter
 * of this: whether it is cached as one is asked of each frame (rules.c).
 */
static void check_walks(struct world *w, const struct request *r,
			const struct before *before)
{
	const uint64_t of_walks =
		PTE_P | PTE_RW | PTE_US | PTE_NX | PTE_FRAME_MASK;
	uint64_t all = vcpus_of(w, w->vcpu[r->vcpu].dom);
	pte_t is = pte_read(
		&frame_ptes(&w->mmu, named(r->frame))[w->scope->slot[r->slot]]);

	if (before->level > 1 && request_is_live_table(w, r->frame) &&
	    pte_present(before->entry) &&
	    ((before->entry.v ^ is.v) & of_walks) != 0 &&
	    (all & ~w->flushed_all) != 0) {
		world_fault(w, "a table was replaced and not flushed");
	}
}

/* What the mapping of a grant replaced, or was (XSA-234). */
static void check_grant(struct world *w, const struct request *r,
			const struct before *before)
{
	pte_t asked = pte_make(mfn(request_frame(w, r->other)),
			       PTE_P | (r->level != 0 ? PTE_RW : 0));
	pte_t is = before->entry;

	if (r->kind == REQUEST_GRANT_MAP) {
		is = pte_read(
			&frame_ptes(&w->mmu,
				    named(r->frame))[w->scope->slot[r->slot]]);
	}
	if ((before->settled && before->level != 1) ||
	    (vcpus_of(w, w->vcpu[r->vcpu].dom) & ~w->flushed_all) != 0) {
		world_fault(w, "a grant's entry is of no L1, or not flushed");
	}
	if (((is.v ^ asked.v) & (PTE_FRAME_MASK | PTE_P | PTE_RW)) != 0) {
		world_fault(w, "a grant's entry is %#lx and not %#lx", is.v,
			    asked.v);
	}
}

/* What was exchanged is the domain's no more: nobody may use it (XSA-287). */
static void check_exchange(struct world *w, const struct request *r)
{
	/* In a list the next exchange may bring it back. */
	if (r->other == OPERAND_NONE &&
	    mmu_owns(w->vcpu[r->vcpu].dom, named(r->frame))) {
		world_fault(w, "frame %#lx was given away and stays",
			    named(r->frame).v);
	}
}

static bool is_update(const struct request *r)
{
	return r->kind == REQUEST_UPDATE || r->kind == REQUEST_UPDATE_AD ||
	       r->kind == REQUEST_UPDATES || r->kind == REQUEST_DIRECT ||
	       (r->kind == REQUEST_OTHERS && r->level == 0);
}

static mfn_t request_to(const struct world *w, const struct request *r)
{
	return pte_mfn(request_entry(w, r));
}

static bool is_in_an_ldt(const struct world *w, const struct mmu_domain *d,
			 mfn_t f)
{
	for (unsigned int i = 0; i < w->nr_vcpus; i++) {
		if (w->vcpu[i].dom == d && mfn_eq(w->vcpu[i].ldt[0], f)) {
			return true;
		}
	}
	return false;
}

/* The LDT's pages were found by the tables before; a GDT is seen at once. */
static void check_descriptors(struct world *w, const struct request *r,
			      const struct before *before)
{
	const struct mmu_vcpu *v = &w->vcpu[r->vcpu];
	pte_t was = before->entry;

	if (!mfn_eq(before->root, v->kernel_root) && v->ldt[0].v != 0) {
		world_fault(w, "a page of the LDT is of the root before");
	}
	if (is_update(r) && before->level == 1 && pte_present(was) &&
	    !pte_writable(was) && !mfn_eq(pte_mfn(was), request_to(w, r)) &&
	    is_in_an_ldt(w, v->dom, pte_mfn(was))) {
		world_fault(w, "a page of the LDT has lost its mapping");
	}
	if (r->kind == REQUEST_SET_GDT && (w->flushed_all >> v->id & 1) == 0) {
		world_fault(w, "the old GDT is not flushed");
	}
}

/* What an address leads to was there, and is what was asked for. */
static void check_behind(struct world *w, const struct request *r,
			 const struct before *before)
{
	const struct mmu_vcpu *v = &w->vcpu[r->vcpu];
	const uint64_t kept = PTE_P | PTE_RW | PTE_FRAME_MASK;
	pte_t is;

	if (!before->settled) {
		return;
	}
	if (before->last >= w->nr_named) {
		world_fault(w, "an address was used that has no table");
		return;
	}
	is = frame_ptes(&w->mmu, named(before->last))[w->scope->slot[r->slot]];
	if (r->kind == REQUEST_VA_MAPPING &&
	    (frame_of(&w->mmu, named(before->last))->type != FRAME_L1 ||
	     ((is.v ^ request_entry(w, r).v) & kept) != 0)) {
		world_fault(w, "the entry of the address is %#lx", is.v);
	}
	if (r->kind == REQUEST_LDT_FAULT &&
	    (!pte_present(before->behind) ||
	     !mfn_eq(v->ldt[0], pte_mfn(before->behind)))) {
		world_fault(w, "the LDT's page is not the guest's mapping");
	}
}

/* What was found for a direct write is an entry of a live L1, seen read-only.
 */
static void check_found(struct world *w, const struct before *before)
{
	uint8_t table = (uint8_t)name_of(w, pte_mfn(before->behind).v);

	if (!pte_present(before->behind) || pte_writable(before->behind) ||
	    table >= w->nr_named || !request_is_live_table(w, table) ||
	    frame_of(&w->mmu, named(table))->type != FRAME_L1) {
		world_fault(w, "a direct write was found where none can be");
	}
}

/* Nobody gets more than the limit, whatever the domain has by then. */
static void check_grown(struct world *w, const struct request *r)
{
	const struct mmu_domain *d = w->vcpu[r->vcpu].dom;

	if (d->nr_pages > d->max_pages) {
		world_fault(w, "a domain has grown beyond its limit");
	}
}

static bool is_grant(const struct request *r)
{
	return r->kind == REQUEST_GRANT_MAP || r->kind == REQUEST_GRANT_UNMAP ||
	       r->kind == REQUEST_GRANT_REPLACE;
}

static unsigned int tables_in_use(const struct world *w,
				  const struct request *r)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < w->nr_named; i++) {
		const struct frame *fr = frame_of(&w->mmu, named(i));

		nr += frame_is_table(fr->type) &&
		      fr->owner == w->vcpu[r->vcpu].dom->tag &&
		      frame_type_refs(fr) > 0;
	}
	return nr;
}

static void look_behind(const struct world *w, const struct request *r,
			struct before *ret)
{
	ret->last = find_last(w, &w->vcpu[r->vcpu]);
	if (ret->last < w->nr_named) {
		ret->behind =
			frame_ptes(&w->mmu,
				   named(ret->last))[w->scope->slot[r->slot]];
	}
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
	ret->settled = w->vcpu[r->vcpu].dom->dying_head == 0;
	ret->root = w->vcpu[r->vcpu].kernel_root;
	ret->nr_tables = tables_in_use(w, r);
	ret->last = 0xff;
	if (r->kind == REQUEST_VA_MAPPING || r->kind == REQUEST_LDT_FAULT ||
	    r->kind == REQUEST_DIRECT_FIND) {
		look_behind(w, r, ret);
	}
	if ((is_update(r) || is_grant(r)) && r->frame < w->nr_named) {
		ret->entry =
			frame_ptes(&w->mmu,
				   named(r->frame))[w->scope->slot[r->slot]];
		ret->live = request_is_live_table(w, r->frame);
		if (ret->live && ret->settled) {
			ret->level = frame_of(&w->mmu, named(r->frame))->type;
		}
	}
}

void check_done(struct world *w, const struct request *r,
		const struct before *before)
{
	if (before->must_fail) {
		world_fault(w, "what must be refused was done");
	}
	check_flushed(w, &w->vcpu[r->vcpu], r, before->settled);
	check_descriptors(w, r, before);
	if (is_update(r)) {
		check_entry(w, r, before);
		check_walks(w, r, before);
	}
	if (is_grant(r)) {
		check_grant(w, r, before);
	}
	switch (r->kind) {
	case REQUEST_EXCHANGE:
		check_exchange(w, r);
		break;
	case REQUEST_VA_MAPPING:
	case REQUEST_LDT_FAULT:
		check_behind(w, r, before);
		break;
	case REQUEST_DIRECT_FIND:
		check_found(w, before);
		break;
	case REQUEST_INCREASE:
	case REQUEST_POPULATE:
		check_grown(w, r);
		break;
	case REQUEST_FLUSH_ALL:
		check_epochs(w);
		break;
	case REQUEST_UPDATES:
		if (w->asked == 0 && w->again.arg[1] == UPDATES_IN_A_LIST) {
			world_fault(w, "I10: a long list asks nobody");
		}
		break;
	default:
		break;
	}
}

void check_refused(struct world *w)
{
	if (w->flushed_page != 0) {
		world_fault(w, "a refused request has flushed a page");
	}
}

/*
 * I10: what may be long asks whether to stop. Two tables that go down ask in
 * between, and so does who clears pages, at the sixteenth: each request finds
 * that the domain has cleared fifteen.
 */
void check_asked(struct world *w, const struct request *r,
		 const struct before *before)
{
	if (w->asked != 0) {
		return;
	}
	/* Death asks at every 256th frame, and in a table's own way down. */
	if (r->kind != REQUEST_DEATH && before->settled &&
	    tables_in_use(w, r) + 2 <= before->nr_tables) {
		world_fault(w, "I10: tables went down and nobody was asked");
	}
	for (unsigned int i = 0; i < w->scope->nr_doms; i++) {
		if (w->dom[i].stats.scrubbed > PAGES_CLEARED) {
			world_fault(w, "I10: pages were cleared and nobody "
				       "was asked");
		}
	}
}
