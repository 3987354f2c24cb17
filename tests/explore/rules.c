/* SPDX-License-Identifier: MIT */
/*
 * The rules. Those on references stand in tests/unit/support/recount.c; here
 * are those on what the CPUs have cached, on what an operation leaves, and what
 * a guest can tell.
 */
#include "tests/explore/rules.h"

#include <string.h>

#include "tests/explore/scope.h"
#include "tests/unit/support/recount.h"

static bool is_doms(const struct frame *fr)
{
	return fr->owner >= 1 && fr->owner <= NR_DOMS;
}

static bool in_queue(const struct frame *fr)
{
	return (fr->flags & FRAME_DYING) != 0;
}

static bool is_table(const struct frame *fr)
{
	return fr->type >= 1 && fr->type <= 4 &&
	       (in_queue(fr) || fr->type_count > 0);
}

/* --- what is cached -------------------------------------------------------
 */

static bool is_borrowed(const struct mmu_domain *d, uint64_t f)
{
	for (unsigned int i = 0; i < MAX_NAMED; i++) {
		if (d->foreign[i].owner != NULL && d->foreign[i].frame.v == f) {
			return true;
		}
	}
	return false;
}

/* I2: nothing that is protected can be written, by whatever is cached. */
static void check_protected(struct world *w, unsigned int vcpu, uint64_t f)
{
	const struct frame *fr = &w->frames[f];
	uint8_t c = world_cached(w, vcpu, f);
	bool desc = fr->type == FRAME_DESC && fr->type_count > 0;

	if ((c & CACHED_WRITE) != 0 && is_doms(fr) && (is_table(fr) || desc)) {
		world_fault(w,
			    "I2: frame %#lx is a table and vCPU %u has it "
			    "cached writable",
			    f, vcpu);
	}
}

/* I9: nothing that the guest can write is cached as a table or descriptors. */
static void check_used_as(struct world *w, unsigned int vcpu, uint64_t f)
{
	static const struct {
		uint8_t cached;
		unsigned int level;
	} rows[] = {{CACHED_L1, 1}, {CACHED_L2, 2}, {CACHED_L3, 3}};
	const struct frame *fr = &w->frames[f];
	bool used = is_doms(fr) && (in_queue(fr) || fr->type_count > 0);

	for (unsigned int i = 0; i < 3; i++) {
		/* By a linear entry a table stands where a lower one would. */
		if ((world_cached(w, vcpu, f) & rows[i].cached) != 0 && used &&
		    !(is_table(fr) && fr->type >= rows[i].level)) {
			world_fault(w,
				    "I9: frame %#lx is no L%u and vCPU %u "
				    "has it cached as one",
				    f, rows[i].level, vcpu);
		}
	}
	if ((world_cached(w, vcpu, f) & CACHED_DESC) != 0 && used &&
	    fr->type != FRAME_DESC) {
		world_fault(w,
			    "I9: frame %#lx holds no descriptors and vCPU "
			    "%u has it cached so",
			    f, vcpu);
	}
}

/* I9: a frame that has left the domain is cached by none of its vCPUs. */
static void check_left(struct world *w, unsigned int vcpu, uint64_t f,
		       bool midway)
{
	const struct mmu_domain *d = w->vcpu[vcpu].dom;
	uint16_t owner = w->frames[f].owner;

	if (world_cached(w, vcpu, f) == 0 || owner == d->tag ||
	    is_borrowed(d, f)) {
		return;
	}
	/* On its way, or taken back: the flush is still to come. */
	if (midway && (owner == OWNER_FREED || owner == OWNER_XEN)) {
		return;
	}
	world_fault(w, "I9: frame %#lx left and vCPU %u has it cached", f,
		    vcpu);
}

/* What has gone out of the window is forgotten by its CPU. */
static void check_descriptor_cached(struct world *w, unsigned int vcpu,
				    uint64_t f)
{
	bool shown = false;

	for (unsigned int i = 0; i < DESC_WINDOW_ENTRIES; i++) {
		shown |= pte_mfn(w->window[vcpu][i]).v == f;
	}
	if ((world_cached(w, vcpu, f) & CACHED_DESC) != 0 && !shown) {
		world_fault(w,
			    "I9: vCPU %u has frame %#lx cached as descriptors "
			    "that it has no more",
			    vcpu, f);
	}
}

static void check_cached(struct world *w, bool midway)
{
	for (unsigned int i = 0; i < w->nr_vcpus; i++) {
		for (uint64_t f = 0; f < w->mmu.nr_frames; f++) {
			if (w->cached[i][f] == 0) {
				continue;
			}
			check_protected(w, i, f);
			check_used_as(w, i, f);
			check_left(w, i, f, midway);
			if (!midway) {
				check_descriptor_cached(w, i, f);
			}
		}
	}
}

void rules_midway(struct world *w)
{
	check_cached(w, true);
}

/* --- domains --------------------------------------------------------------
 */

static void check_domains(struct world *w)
{
	struct mmu_domain *doms[NR_DOMS];
	struct audit_report report;

	for (unsigned int i = 0; i < w->scope->nr_doms; i++) {
		struct mmu_domain *d = &w->dom[i];

		doms[i] = d;
		if (d->flush_pending || d->foreign_owed || d->freed_head != 0 ||
		    d->nr_freed != 0) {
			world_fault(w, "I9: an operation left with work owed");
		}
		if (d->lock.held || w->mmu.pool_lock.held) {
			world_fault(w, "an operation left a lock behind");
		}
		if (d->nr_pages > d->max_pages && w->scope->may_grow >= 0) {
			world_fault(w, "domain %u has more than its limit", i);
		}
	}
	world_bias(w, false);
	if (mmu_audit(&w->mmu, doms, w->scope->nr_doms, w->tally, &report) !=
	    0) {
		world_fault(w, "audit: %s of frame %#lx: %#lx, counted %#lx",
			    audit_kind_name(report.first[0].kind),
			    report.first[0].frame.v, report.first[0].seen,
			    report.first[0].expected);
	}
	world_bias(w, true);
}

/* The windows show what the vCPUs have as descriptors, and nothing else. */
static void check_windows(struct world *w)
{
	for (unsigned int i = 0; i < w->nr_vcpus; i++) {
		const struct mmu_vcpu *v = &w->vcpu[i];

		for (unsigned int s = 0; s < DESC_WINDOW_ENTRIES; s++) {
			uint64_t f = pte_mfn(w->window[i][s]).v;
			uint64_t is = s < GDT_FRAMES ? v->gdt[s].v
				      : s >= 16      ? v->ldt[s - 16].v
						     : 0;

			if (pte_present(w->window[i][s]) && f != is &&
			    f != w->mmu.zero_frame.v) {
				world_fault(w,
					    "I2: vCPU %u's window shows "
					    "frame %#lx",
					    i, f);
			}
		}
	}
}

/*
 * Descriptors that the CPU may use lead no guest above ring 3 (SDM 3A, 5.8.3):
 * segments are of another ring than 0, of system descriptors there are call
 * gates alone, which nobody may use directly and which lead to the guest.
 */
static bool is_harmless(uint64_t d)
{
	unsigned int ring = d >> 45 & 3;
	unsigned int type = d >> 40 & 15;
	unsigned int selector = d >> 16 & 0xffff;

	if ((d >> 47 & 1) == 0) {
		return true;
	}
	if ((d >> 44 & 1) != 0) {
		return ring != 0;
	}
	if (type == 0) {
		return true;
	}
	return type == 12 && ring == 0 && (d >> 32 & 0xff) == 0 &&
	       ((selector & 4) != 0 || selector < 14 * 4096);
}

static void check_descriptors(struct world *w, uint64_t f)
{
	const struct frame *fr = &w->frames[f];
	const pte_t *d = frame_ptes(&w->mmu, mfn(f));

	if (!is_doms(fr) || fr->type != FRAME_DESC || fr->type_count == 0) {
		return;
	}
	for (unsigned int i = 0; i < w->scope->nr_slots; i++) {
		uint64_t v = d[w->scope->slot[i]].v;

		if (!is_harmless(v)) {
			world_fault(w, "frame %#lx has the descriptor %#lx", f,
				    v);
		}
	}
}

/* A free frame that is said to be clean is: nobody sees what another left. */
static void check_clean(struct world *w, uint64_t f)
{
	const struct frame *fr = &w->frames[f];
	const pte_t *e = frame_ptes(&w->mmu, mfn(f));

	if (fr->owner != OWNER_FREE || (fr->flags & FRAME_DIRTY) != 0) {
		return;
	}
	for (unsigned int i = 0; i < w->scope->nr_slots; i++) {
		if (e[w->scope->slot[i]].v != 0) {
			world_fault(w, "a free frame is not clean: %#lx", f);
		}
	}
}

/* The hypervisor's own pages, and what is no RAM: nobody writes there, nobody
 * counts there.
 */
static void check_untouched(struct world *w, uint64_t f)
{
	const struct frame *fr = &w->frames[f];
	const pte_t *e = frame_ptes(&w->mmu, mfn(f));
	uint64_t any = fr->count | fr->type_count | fr->type | fr->flags;

	if (name_of(w, f) < w->nr_named) {
		return;
	}
	for (unsigned int s = 0; s < w->scope->nr_slots; s++) {
		any |= e[w->scope->slot[s]].v;
	}
	if (any != 0) {
		world_fault(w, "frame %#lx is nobody's and was touched", f);
	}
}

static void check_references(struct world *w)
{
	struct recount_of of = {
		.nr_doms = w->scope->nr_doms,
		.slot = w->scope->slot,
		.nr_slots = w->scope->nr_slots,
	};
	char said[sizeof(w->fault)];

	if ((w->scope->groups & GROUP_WIDE) != 0) {
		of.slot = NULL;
		of.nr_slots = PT_ENTRIES;
	}
	if ((w->scope->groups & GROUP_LIMIT) != 0) {
		of.bias.mfn = named(world_biased(w));
		of.bias.count = w->bias.count;
		of.bias.type = w->bias.type;
		of.bias.linear = w->bias.linear;
	}

	for (unsigned int i = 0; i < of.nr_doms; i++) {
		of.doms[i] = &w->dom[i];
	}
	if (!recount(&w->mmu, &of, said, sizeof(said))) {
		world_fault(w, "%s", said);
	}
}

void rules_check(struct world *w)
{
	check_references(w);
	for (uint64_t f = 0; f < w->mmu.nr_frames; f++) {
		check_untouched(w, f);
		check_clean(w, f);
		check_descriptors(w, f);
	}
	check_cached(w, false);
	check_windows(w);
	check_domains(w);
}

/* --- what a guest can tell ------------------------------------------------
 */

static uint8_t *view_frame(const struct world *w, unsigned int name, uint8_t *p)
{
	const struct frame *fr = frame_of(&w->mmu, named(name));
	const pte_t *e = frame_ptes(&w->mmu, named(name));
	uint16_t owner = fr->owner == OWNER_FREED ? OWNER_FREE : fr->owner;
	/* What the engine adds to entries as it looks at them, and forgets. */
	const uint64_t added = PTE_US | PTE_A | PTE_G | PTE_KERNEL_BIT | PTE_D;

	*p++ = (uint8_t)owner;
	*p++ = fr->flags & (FRAME_PINNED | FRAME_ALLOCATED | FRAME_SHARED);
	if ((fr->flags & FRAME_PINNED) != 0) {
		*p++ = fr->type;
	} else {
		*p++ = 0;
	}
	for (unsigned int i = 0; i < w->scope->nr_slots; i++) {
		unsigned int slot = w->scope->slot[i];
		uint64_t v = owner == OWNER_FREE ? 0 : e[slot].v & ~added;

		/* So are descriptors: rings, and those of gates. */
		if (!pte_present(e[slot])) {
			v &= ~(UINT64_C(3) << 45 | UINT64_C(3) << 16);
		}
		/* An L4 that was tried has the hypervisor's entries. */
		if (slot >= XEN_L4_FIRST && slot <= XEN_L4_LAST) {
			v = 0;
		}
		memcpy(p, &v, sizeof(v));
		p += sizeof(v);
	}
	return p;
}

static uint8_t *view_vcpu(const struct mmu_vcpu *v, uint8_t *p)
{
	*p++ = (uint8_t)v->kernel_root.v;
	*p++ = (uint8_t)v->user_root.v;
	*p++ = (uint8_t)v->gdt_entries;
	*p++ = (uint8_t)v->gdt[0].v;
	*p++ = (uint8_t)v->gdt[1].v;
	/* Its pages are a cache: the next touch brings them again. */
	*p++ = (uint8_t)v->ldt_entries;
	return p;
}

void rules_view(const struct world *w, struct view *ret)
{
	uint8_t *p = ret->byte;

	memset(ret, 0, sizeof(*ret));
	for (unsigned int i = 0; i < w->nr_named; i++) {
		p = view_frame(w, i, p);
	}
	for (unsigned int i = 0; i < w->nr_vcpus; i++) {
		p = view_vcpu(&w->vcpu[i], p);
	}
	for (unsigned int i = 0; i < w->scope->nr_doms; i++) {
		const struct mmu_domain *d = &w->dom[i];

		*p++ = (uint8_t)d->nr_pages;
		*p++ = (uint8_t)d->nr_held;
		for (unsigned int r = 0; r < 3; r++) {
			*p++ = (uint8_t)d->foreign[r].frame.v;
			*p++ = (uint8_t)d->foreign[r].entries;
		}
	}
}
