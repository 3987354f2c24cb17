/* SPDX-License-Identifier: MIT */
/*
 * Ways out. An invariant says that nothing bad is the case; that something good
 * can still happen is asked here, of every state:
 *
 *   - a request that is stopped at every question still ends: each issue of it
 *     gets further, or it would be a live-lock;
 *   - the guest can let go of everything by ordinary requests, and then its
 *     frames are free of types and references but for the reservation's own;
 *   - the domains can die, and then the pool has all frames.
 *
 * The way back is taken, not searched for, so it need not be in the graph.
 */
#include "tests/explore/ways.h"

#include <string.h>

#include "engine/request/door.h"

#define MAX_ISSUES 1000

enum outcome ways_end(struct world *w, const struct request *r, bool always)
{
	unsigned int issued = 0;
	enum outcome outcome;
	int64_t rc;

	w->answers = 0;
	w->always = always;
	outcome = request_make(w, r, &rc);
	while (outcome == OUTCOME_AGAIN && ++issued <= MAX_ISSUES) {
		outcome = request_go_on(w, r, &rc);
	}
	w->always = false;
	if (outcome == OUTCOME_AGAIN) {
		world_fault(w, "I10: it is stopped for ever");
	}
	return outcome;
}

static void settle(struct mmu_domain *d)
{
	(void)!mmu_begin_for(d, NULL, MMU_OP_NONE, NULL);
	(void)mmu_end(d, 0);
}

void ways_forget(struct world *w)
{
	w->answers = 0;
	w->asked = 0;
	for (unsigned int i = 0; i < w->nr_named; i++) {
		const struct frame *fr = frame_of(&w->mmu, named(i));

		if (fr->owner < 1 || fr->owner > NR_DOMS ||
		    (fr->flags & FRAME_PARTIAL) == 0) {
			continue;
		}
		(void)!mmu_begin_for(&w->dom[fr->owner - 1], NULL, MMU_OP_NONE,
				     NULL);
		/* Stopped half-way, it is asked for as something else. */
		(void)!frame_get_type(&w->dom[fr->owner - 1], named(i),
				      FRAME_WRITABLE);
		(void)mmu_end(&w->dom[fr->owner - 1], 0);
	}
	for (unsigned int i = 0; i < w->scope->nr_doms; i++) {
		if (!w->dead[i]) {
			settle(&w->dom[i]);
		}
	}
}

/* --- by the guest ---------------------------------------------------------
 */

static unsigned int vcpu_of(const struct world *w, uint16_t owner)
{
	return owner == 1 ? 0 : w->nr_vcpus - 1;
}

static void make(struct world *w, unsigned int vcpu, enum request_kind kind,
		 unsigned int frame, unsigned int slot)
{
	struct request r = {.kind = (uint8_t)kind,
			    .vcpu = (uint8_t)vcpu,
			    .frame = (uint8_t)frame,
			    .slot = (uint8_t)slot,
			    .other = OPERAND_NONE,
			    .to = OPERAND_NONE};
	unsigned int issued = 0;
	int64_t rc;

	while (request_make(w, &r, &rc) == OUTCOME_AGAIN && issued < 8) {
		issued++;
	}
}

static void let_go(struct world *w, unsigned int vcpu)
{
	bool second = vcpu >= w->scope->nr_vcpus;
	unsigned int root = second ? w->nr_named - 1 : w->scope->nr_free;

	make(w, vcpu, REQUEST_BASEPTR, root, 0);
	make(w, vcpu, REQUEST_USER_BASEPTR, OPERAND_NONE, 0);
	make(w, vcpu, REQUEST_SET_GDT, OPERAND_NONE, 0);
	make(w, vcpu, REQUEST_SET_LDT, OPERAND_NONE, 0);
}

static bool is_used(const struct world *w, unsigned int name)
{
	const struct frame *fr = frame_of(&w->mmu, named(name));

	return fr->owner >= 1 && fr->owner <= NR_DOMS &&
	       (fr->flags & FRAME_SHARED) == 0 &&
	       (fr->count != 1 || fr->type_count != 0 ||
		(fr->flags & FRAME_PINNED) != 0);
}

static void clear_entries(struct world *w, unsigned int name)
{
	uint16_t owner = frame_of(&w->mmu, named(name))->owner;

	if (owner < 1 || owner > NR_DOMS || w->dead[owner - 1]) {
		return;
	}
	for (unsigned int s = 0; s < w->scope->nr_slots; s++) {
		make(w, vcpu_of(w, owner), REQUEST_UPDATE, name, s);
	}
}

static void unuse(struct world *w, unsigned int name)
{
	uint16_t owner = frame_of(&w->mmu, named(name))->owner;

	if (!is_used(w, name) || w->dead[owner - 1]) {
		return;
	}
	make(w, vcpu_of(w, owner), REQUEST_UNPIN, name, 0);
	clear_entries(w, name);
	make(w, vcpu_of(w, owner), REQUEST_CLEAR_PAGE, name, 0);
}

/* May it stay in use: held until death, or by a domain on its way down? */
static bool is_excused(const struct world *w, unsigned int name)
{
	for (unsigned int i = 0; i < w->scope->nr_doms; i++) {
		const struct mmu_domain *d = &w->dom[i];

		if (w->dead[i]) {
			return true;
		}
		for (unsigned int h = 0; h < d->nr_held; h++) {
			if (mfn_eq(d->held[h], named(name))) {
				return true;
			}
		}
	}
	return false;
}

void ways_give_back(struct world *w)
{
	w->answers = 0;
	for (unsigned int round = 0; round < 4; round++) {
		for (unsigned int i = 0; i < w->nr_vcpus; i++) {
			if (!w->dead[w->vcpu[i].dom - w->dom] &&
			    w->vcpu[i].kernel_root.v != 0) {
				let_go(w, i);
			}
		}
		for (unsigned int i = 0; i < w->scope->nr_free; i++) {
			unuse(w, i);
		}
		if (w->scope->start != START_LEAF) {
			clear_entries(w, w->nr_named - 1 -
						 (w->scope->nr_doms > 1));
		} else {
			clear_entries(w, w->scope->nr_free + 2);
		}
	}
	for (unsigned int i = 0; i < w->scope->nr_free; i++) {
		if (is_used(w, i) && !is_excused(w, i)) {
			world_fault(w, "no way back: frame %#lx stays in use",
				    named(i).v);
		}
	}
}

/* --- by death -------------------------------------------------------------
 */

/* A domain is forgotten when it has nothing left, and not before. */
static void forget(struct world *w, unsigned int dom)
{
	struct mmu_domain *d = &w->dom[dom];
	uint32_t may_map[NR_DOMS] = {w->dom[0].may_map, w->dom[1].may_map};
	bool has_any = false;

	for (uint64_t f = 0; f < w->mmu.nr_frames; f++) {
		has_any |= w->frames[f].owner == d->tag;
	}
	if (mmu_domain_forget(d) == has_any) {
		world_fault(w, "domain %u, which has %s, is%s forgotten", dom,
			    has_any ? "frames" : "nothing",
			    has_any ? "" : " not");
	}
	/* For the next who goes that way. */
	w->mmu.domain[dom] = d;
	w->dom[0].may_map = may_map[0];
	w->dom[1].may_map = may_map[1];
}

void ways_die(struct world *w, bool always)
{
	unsigned int lent = 0;

	for (unsigned int i = 0; i < w->scope->nr_doms; i++) {
		forget(w, i);
	}
	w->answers = 0;
	w->always = always;
	for (unsigned int i = 0; i < w->scope->nr_doms; i++) {
		unsigned int issued = 0;

		world_stop(w, i);
		do {
			w->asked = 0;
		} while (mmu_domain_destroy(&w->dom[i]) != 0 &&
			 ++issued < MAX_ISSUES);
		if (issued == MAX_ISSUES) {
			world_fault(w, "I10: domain %u never dies", i);
		}
	}
	w->always = false;
	for (unsigned int i = 0; i < w->nr_named; i++) {
		uint16_t owner = frame_of(&w->mmu, named(i))->owner;

		lent += owner == OWNER_XEN;
		if (owner != OWNER_FREE && owner != OWNER_XEN) {
			world_fault(w, "frame %#lx survives all domains",
				    named(i).v);
		}
	}
	for (unsigned int i = 0; i < w->scope->nr_doms && lent == 0; i++) {
		forget(w, i);
	}
	if (lent != ((w->scope->groups & GROUP_LEND) != 0)) {
		world_fault(w, "the hypervisor has %u frames of its own", lent);
	}
	if (w->mmu.nr_free + lent != w->nr_named) {
		world_fault(w, "the pool has %lu frames of %u", w->mmu.nr_free,
			    w->nr_named);
	}
}
