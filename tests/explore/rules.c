/* SPDX-License-Identifier: MIT */
/*
 * The rules, one function each, over a list of demands: every holder of a
 * reference says which frame it names and as what. A holder is found where it
 * stands (an entry of a table in use, a root, a slot of the GDT or LDT, a pin,
 * a page held or lent, a record of a foreign mapping, a table half-way up or
 * down), so that counts can be checked against something that never counted.
 */
#include "tests/explore/rules.h"

#include <string.h>

#include "tests/explore/scope.h"

/* What a demand asks of a frame: a type, or nothing but to be there. */
#define PLAIN 0

struct demands {
	unsigned int refs[WORLD_FRAMES];
	unsigned int typed[WORLD_FRAMES];
	uint8_t types[WORLD_FRAMES]; /* as bits */
	int linear[WORLD_FRAMES];
	bool maps[WORLD_FRAMES]; /* another table of its own level */
	bool is_mapped[WORLD_FRAMES];
};

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

/* Validated: what its entries say is what the CPU may follow. */
static bool is_whole(const struct frame *fr)
{
	return is_table(fr) && (fr->flags & (FRAME_VALIDATED | FRAME_PARTIAL |
					     FRAME_DYING)) == FRAME_VALIDATED;
}

static bool demand(struct world *w, struct demands *d, uint64_t frame,
		   unsigned int type)
{
	if (frame >= w->mmu.nr_frames) {
		world_fault(w, "I3: frame %#lx is named and does not exist",
			    frame);
		return false;
	}
	d->refs[frame]++;
	if (type != PLAIN) {
		d->typed[frame]++;
		d->types[frame] |= (uint8_t)(1u << type);
	}
	return true;
}

/* --- entries --------------------------------------------------------------
 */

/* Bits that no entry of a guest's may have: PWT, PCD, PS or PAT; and G above
 * the last level (SDM 3A, 4.5; the guest's cacheability is the host's).
 */
static bool has_forbidden_bits(pte_t e, unsigned int level)
{
	uint64_t no = PTE_PWT | PTE_PCD | PTE_PS | (level > 1 ? PTE_G : 0);

	return (e.v & no) != 0;
}

static bool is_xens(unsigned int level, unsigned int slot)
{
	return level == 4 && slot >= XEN_L4_FIRST && slot <= XEN_L4_LAST;
}

/* An entry of another owner's frame: allowed by a record that says just so. */
static bool is_lent(const struct world *w, const struct frame *table, pte_t e)
{
	const struct mmu_domain *d = &w->dom[table->owner - 1];

	for (unsigned int i = 0; i < MAX_NAMED; i++) {
		const struct mmu_foreign *f = &d->foreign[i];

		if (f->owner != NULL && f->frame.v == pte_mfn(e).v &&
		    f->writable == pte_writable(e) && f->entries > 0) {
			return true;
		}
	}
	return false;
}

static void demand_upper(struct world *w, struct demands *d, uint64_t table,
			 unsigned int level, pte_t e)
{
	uint64_t child = pte_mfn(e).v;
	const struct frame *fr = &w->frames[child];

	if (child != table && fr->type != level) {
		demand(w, d, child, level - 1);
		return;
	}
	if (pte_writable(e)) {
		world_fault(w,
			    "I4: frame %#lx is mapped writable by a table "
			    "of its own level",
			    child);
	}
	if (child != table) {
		demand(w, d, child, level);
		d->linear[child]++;
		d->linear[table]--;
		d->is_mapped[child] = true;
		d->maps[table] = true;
	}
}

static void demand_entry(struct world *w, struct demands *d, uint64_t table,
			 unsigned int level, pte_t e)
{
	const struct frame *fr = &w->frames[table];
	uint64_t child = pte_mfn(e).v;

	if (has_forbidden_bits(e, level) || (e.v & PTE_US) == 0) {
		world_fault(w, "I3: entry %#lx stands in frame %#lx", e.v,
			    table);
	}
	if (child >= w->mmu.nr_frames) {
		world_fault(w, "I3: entry %#lx names no frame", e.v);
		return;
	}
	if (w->frames[child].owner != fr->owner) {
		if (level > 1 || !is_lent(w, fr, e)) {
			world_fault(w,
				    "I3: frame %#lx maps %#lx, which is "
				    "another's",
				    table, child);
		}
		return;
	}
	if (level > 1) {
		demand_upper(w, d, table, level, e);
	} else {
		demand(w, d, child, pte_writable(e) ? FRAME_WRITABLE : PLAIN);
	}
}

static void demand_entries(struct world *w, struct demands *d, uint64_t table)
{
	const struct frame *fr = &w->frames[table];
	const pte_t *entries = frame_ptes(&w->mmu, mfn(table));
	unsigned int level = fr->type;
	unsigned int end = PT_ENTRIES;

	if (!is_whole(fr)) {
		end = fr->table.nr_validated;
		demand(w, d, table, level);
	}
	for (unsigned int i = 0; i < w->scope->nr_slots; i++) {
		unsigned int slot = w->scope->slot[i];

		if (slot < end && pte_present(entries[slot]) &&
		    !is_xens(level, slot)) {
			demand_entry(w, d, table, level, entries[slot]);
		}
	}
}

/* Lent: a type for ever, and be it none, so that it is no table ever. */
static void demand_lent(struct world *w, struct demands *d, uint64_t f)
{
	unsigned int type = w->frames[f].type;

	if (type != FRAME_NONE && type != FRAME_WRITABLE) {
		world_fault(w, "I1: frame %#lx is lent and of type %u", f,
			    type);
	}
	d->refs[f]++;
	d->typed[f]++;
	d->types[f] |= (uint8_t)(1u << type);
}

static void demand_holders(struct world *w, struct demands *d)
{
	for (uint64_t f = 0; f < w->mmu.nr_frames; f++) {
		const struct frame *fr = &w->frames[f];

		if (!is_doms(fr)) {
			continue;
		}
		if ((fr->flags & FRAME_ALLOCATED) != 0) {
			demand(w, d, f, PLAIN);
		}
		if ((fr->flags & FRAME_PINNED) != 0) {
			demand(w, d, f, fr->type);
		}
		if ((fr->flags & FRAME_SHARED) != 0) {
			demand_lent(w, d, f);
		}
		if (is_table(fr)) {
			demand_entries(w, d, f);
		}
	}
	for (unsigned int i = 0; i < w->scope->nr_doms; i++) {
		const struct mmu_domain *dom = &w->dom[i];

		for (unsigned int h = 0; h < dom->nr_held; h++) {
			demand(w, d, dom->held[h].v, FRAME_WRITABLE);
		}
		for (unsigned int r = 0; r < MAX_NAMED; r++) {
			if (dom->foreign[r].owner != NULL) {
				demand(w, d, dom->foreign[r].frame.v,
				       dom->foreign[r].writable ? FRAME_WRITABLE
								: PLAIN);
			}
		}
	}
}

static void demand_vcpu(struct world *w, struct demands *d,
			const struct mmu_vcpu *v)
{
	const mfn_t root[] = {v->kernel_root, v->user_root};

	for (unsigned int i = 0; i < 2; i++) {
		if (root[i].v != 0 && demand(w, d, root[i].v, FRAME_L4) &&
		    !(is_whole(&w->frames[root[i].v]) &&
		      w->frames[root[i].v].type == FRAME_L4)) {
			world_fault(w, "I8: root %#lx is no whole L4",
				    root[i].v);
		}
	}
	for (unsigned int i = 0; i < GDT_FRAMES; i++) {
		if (v->gdt[i].v != 0) {
			demand(w, d, v->gdt[i].v, FRAME_DESC);
		}
	}
	for (unsigned int i = 0; i < LDT_FRAMES; i++) {
		if (v->ldt[i].v != 0) {
			demand(w, d, v->ldt[i].v, FRAME_DESC);
		}
	}
}

/* --- frames ---------------------------------------------------------------
 */

/* I1: nobody relies on another type than the frame has. */
static void check_type(struct world *w, const struct demands *d, uint64_t f)
{
	const struct frame *fr = &w->frames[f];

	if ((d->types[f] & ~(1u << fr->type)) != 0) {
		world_fault(w, "I1: frame %#lx is of type %u and used as %#x",
			    f, fr->type, d->types[f]);
	}
	if (is_table(fr) && d->typed[f] != 0 && !is_whole(fr) &&
	    d->typed[f] != 1) {
		world_fault(w, "I1: frame %#lx is used while half done", f);
	}
}

/* I6, I7: each reference is counted once. */
static void check_counts(struct world *w, const struct demands *d, uint64_t f)
{
	const struct frame *fr = &w->frames[f];
	unsigned int typed = in_queue(fr) ? 1 : fr->type_count;

	if (!is_doms(fr)) {
		if (d->refs[f] != 0) {
			world_fault(w, "I6: frame %#lx is nobody's and used",
				    f);
		}
		return;
	}
	if (fr->count != d->refs[f]) {
		world_fault(w, "I6: frame %#lx counts %u references of %u", f,
			    fr->count, d->refs[f]);
	}
	if (typed != d->typed[f]) {
		world_fault(w, "I6: frame %#lx counts %u type references of %u",
			    f, typed, d->typed[f]);
	}
	if ((fr->flags & FRAME_PINNED) != 0 && !is_whole(fr)) {
		world_fault(w, "I7: frame %#lx is pinned and no table", f);
	}
}

/* I4: a table that is mapped by others of its level maps none itself. */
static void check_linear(struct world *w, const struct demands *d, uint64_t f)
{
	const struct frame *fr = &w->frames[f];

	if (!is_doms(fr) || !is_table(fr)) {
		return;
	}
	if (d->linear[f] != fr->table.linear) {
		world_fault(w, "I4: frame %#lx counts %d linear entries of %d",
			    f, fr->table.linear, d->linear[f]);
	}
	if (d->maps[f] && d->is_mapped[f]) {
		world_fault(w, "I4: frame %#lx is in the midst of a chain", f);
	}
}

/* I5: the hypervisor's slots are as it made them. */
static void check_xen_slots(struct world *w, uint64_t f)
{
	const struct frame *fr = &w->frames[f];
	const pte_t *e = frame_ptes(&w->mmu, mfn(f)) + XEN_L4_FIRST;

	if (is_doms(fr) && fr->type == FRAME_L4 && is_whole(fr) &&
	    memcmp(e, w->mmu.xen_slots, sizeof(w->mmu.xen_slots)) != 0) {
		world_fault(w,
			    "I5: a slot of frame %#lx is not the "
			    "hypervisor's",
			    f);
	}
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
	uint8_t c = w->cached[vcpu][f];
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
		if ((w->cached[vcpu][f] & rows[i].cached) != 0 && used &&
		    !(is_table(fr) && fr->type >= rows[i].level)) {
			world_fault(w,
				    "I9: frame %#lx is no L%u and vCPU %u "
				    "has it cached as one",
				    f, rows[i].level, vcpu);
		}
	}
	if ((w->cached[vcpu][f] & CACHED_DESC) != 0 && used &&
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

	if (w->cached[vcpu][f] == 0 || owner == d->tag || is_borrowed(d, f)) {
		return;
	}
	/* On its way, or taken back: the flush is still to come. */
	if (midway && (owner == OWNER_FREED || owner == OWNER_XEN)) {
		return;
	}
	world_fault(w, "I9: frame %#lx left and vCPU %u has it cached", f,
		    vcpu);
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
		if (d->locked || w->mmu.pool_locked) {
			world_fault(w, "an operation left a lock behind");
		}
		if (d->nr_pages > d->max_pages) {
			world_fault(w, "domain %u has more than its limit", i);
		}
	}
	if (mmu_audit(&w->mmu, doms, w->scope->nr_doms, w->tally, &report) !=
	    0) {
		world_fault(w, "audit: %s of frame %#lx: %#lx, counted %#lx",
			    audit_kind_name(report.first[0].kind),
			    report.first[0].frame.v, report.first[0].seen,
			    report.first[0].expected);
	}
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

void rules_check(struct world *w)
{
	struct demands d;

	memset(&d, 0, sizeof(d));
	demand_holders(w, &d);
	for (unsigned int i = 0; i < w->nr_vcpus; i++) {
		demand_vcpu(w, &d, &w->vcpu[i]);
	}
	for (uint64_t f = 0; f < w->mmu.nr_frames; f++) {
		check_type(w, &d, f);
		check_counts(w, &d, f);
		check_linear(w, &d, f);
		check_xen_slots(w, f);
		check_clean(w, f);
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
