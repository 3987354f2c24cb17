/* SPDX-License-Identifier: MIT */
/*
 * I1 to I8, written down a second time, over a list of demands: every holder of
 * a reference says which frame it names and as what. A holder is found where it
 * stands (an entry of a table in use, a root, a slot of the GDT or LDT, a pin,
 * a page held or lent, a record of a foreign mapping, a table half-way up or
 * down), so that counts can be checked against something that never counted.
 * Nothing here uses the engine's counting, its tables of levels, or its walks.
 */
#include "tests/unit/support/recount.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What a demand asks of a frame: a type, or nothing but to be there. */
#define PLAIN 0

struct recount {
	const struct mmu *m;
	const struct recount_of *of;
	char *said; /* the first that is wrong */
	size_t room;
	unsigned int refs[RECOUNT_FRAMES];
	unsigned int typed[RECOUNT_FRAMES];
	uint8_t types[RECOUNT_FRAMES]; /* as bits */
	int linear[RECOUNT_FRAMES];
	bool maps[RECOUNT_FRAMES]; /* another table of its own level */
	bool is_mapped[RECOUNT_FRAMES];
	uint64_t pages[RECOUNT_DOMS];
	unsigned int lent[RECOUNT_DOMS][MMU_MAX_FOREIGN]; /* entries */
};

static void wrong(struct recount *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void wrong(struct recount *r, const char *format, ...)
{
	va_list args;

	if (r->said[0] != '\0') {
		return;
	}
	va_start(args, format);
	vsnprintf(r->said, r->room, format, args);
	va_end(args);
}

/* The domain that has the tag, as its place in the list; or nr_doms. */
static unsigned int dom_at(const struct recount *r, uint16_t tag)
{
	unsigned int i = 0;

	while (i < r->of->nr_doms && r->of->doms[i]->tag != tag) {
		i++;
	}
	return i;
}

static bool is_doms(const struct recount *r, const struct frame *fr)
{
	return dom_at(r, fr->owner) < r->of->nr_doms;
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

static bool demand(struct recount *r, uint64_t frame, unsigned int type)
{
	if (frame >= r->m->nr_frames) {
		wrong(r, "I3: frame %#lx is named and does not exist", frame);
		return false;
	}
	r->refs[frame]++;
	if (type != PLAIN) {
		r->typed[frame]++;
		r->types[frame] |= (uint8_t)(1u << type);
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
static bool is_lent(struct recount *r, const struct frame *table, pte_t e)
{
	unsigned int at = dom_at(r, table->owner);
	const struct mmu_domain *d = r->of->doms[at];

	for (unsigned int i = 0; i < MMU_MAX_FOREIGN; i++) {
		const struct mmu_foreign *f = &d->foreign[i];

		if (f->owner != NULL && f->frame.v == pte_mfn(e).v &&
		    f->writable == pte_writable(e)) {
			r->lent[at][i]++;
			return true;
		}
	}
	return false;
}

static void demand_upper(struct recount *r, uint64_t table, unsigned int level,
			 pte_t e)
{
	uint64_t child = pte_mfn(e).v;
	const struct frame *fr = &r->m->frames[child];

	if (child != table && fr->type != level) {
		demand(r, child, level - 1);
		return;
	}
	if (pte_writable(e)) {
		wrong(r,
		      "I4: frame %#lx is mapped writable by a table "
		      "of its own level",
		      child);
	}
	if (child != table) {
		demand(r, child, level);
		r->linear[child]++;
		r->linear[table]--;
		r->is_mapped[child] = true;
		r->maps[table] = true;
	}
}

static void demand_entry(struct recount *r, uint64_t table, unsigned int level,
			 pte_t e)
{
	const struct frame *fr = &r->m->frames[table];
	uint64_t child = pte_mfn(e).v;

	if (has_forbidden_bits(e, level) || (e.v & PTE_US) == 0) {
		wrong(r, "I3: entry %#lx stands in frame %#lx", e.v, table);
	}
	if (child >= r->m->nr_frames) {
		wrong(r, "I3: entry %#lx names no frame", e.v);
		return;
	}
	if (r->m->frames[child].owner != fr->owner) {
		if (level > 1 || !is_lent(r, fr, e)) {
			wrong(r,
			      "I3: frame %#lx maps %#lx, which is "
			      "another's",
			      table, child);
		}
		return;
	}
	if (level > 1) {
		demand_upper(r, table, level, e);
	} else {
		demand(r, child, pte_writable(e) ? FRAME_WRITABLE : PLAIN);
	}
}

static void demand_entries(struct recount *r, uint64_t table)
{
	const struct frame *fr = &r->m->frames[table];
	const pte_t *entries = frame_ptes(r->m, mfn(table));
	unsigned int level = fr->type;
	unsigned int end = PT_ENTRIES;

	if (!is_whole(fr)) {
		end = fr->table.nr_validated;
		demand(r, table, level);
	}
	for (unsigned int i = 0; i < r->of->nr_slots; i++) {
		unsigned int slot = r->of->slot == NULL ? i : r->of->slot[i];

		if (slot < end && pte_present(entries[slot]) &&
		    !is_xens(level, slot)) {
			demand_entry(r, table, level, entries[slot]);
		}
	}
}

/* Lent: a type for ever, and be it none, so that it is no table ever. */
static void demand_lent(struct recount *r, uint64_t f)
{
	unsigned int type = r->m->frames[f].type;

	if (type != FRAME_NONE && type != FRAME_WRITABLE) {
		wrong(r, "I1: frame %#lx is lent and of type %u", f, type);
	}
	r->refs[f]++;
	r->typed[f]++;
	r->types[f] |= (uint8_t)(1u << type);
}

static void demand_holders(struct recount *r)
{
	for (uint64_t f = 0; f < r->m->nr_frames; f++) {
		const struct frame *fr = &r->m->frames[f];

		if (!is_doms(r, fr)) {
			continue;
		}
		/* One that was given back counts while it is mapped. */
		r->pages[dom_at(r, fr->owner)] +=
			(fr->flags & FRAME_SHARED) == 0;
		if ((fr->flags & FRAME_ALLOCATED) != 0) {
			demand(r, f, PLAIN);
		}
		if ((fr->flags & FRAME_PINNED) != 0) {
			demand(r, f, fr->type);
		}
		if ((fr->flags & FRAME_SHARED) != 0) {
			demand_lent(r, f);
		}
		if (is_table(fr)) {
			demand_entries(r, f);
		}
	}
}

static void demand_domain(struct recount *r, const struct mmu_domain *d)
{
	for (unsigned int h = 0; h < d->nr_held; h++) {
		demand(r, d->held[h].v, FRAME_WRITABLE);
	}
	for (unsigned int i = 0; i < MMU_MAX_FOREIGN; i++) {
		const struct mmu_foreign *f = &d->foreign[i];

		if (f->owner != NULL) {
			demand(r, f->frame.v,
			       f->writable ? FRAME_WRITABLE : PLAIN);
		}
	}
}

static void demand_vcpu(struct recount *r, const struct mmu_vcpu *v)
{
	const mfn_t root[] = {v->kernel_root, v->user_root};

	for (unsigned int i = 0; i < 2; i++) {
		if (root[i].v != 0 && demand(r, root[i].v, FRAME_L4) &&
		    !(is_whole(&r->m->frames[root[i].v]) &&
		      r->m->frames[root[i].v].type == FRAME_L4)) {
			wrong(r, "I8: root %#lx is no whole L4", root[i].v);
		}
	}
	for (unsigned int i = 0; i < GDT_FRAMES; i++) {
		if (v->gdt[i].v != 0) {
			demand(r, v->gdt[i].v, FRAME_DESC);
		}
	}
	for (unsigned int i = 0; i < LDT_FRAMES; i++) {
		if (v->ldt[i].v != 0) {
			demand(r, v->ldt[i].v, FRAME_DESC);
		}
	}
}

/* --- frames ---------------------------------------------------------------
 */

/* I1: nobody relies on another type than the frame has. */
static void check_type(struct recount *r, uint64_t f)
{
	const struct frame *fr = &r->m->frames[f];

	if ((r->types[f] & ~(1u << fr->type)) != 0) {
		wrong(r, "I1: frame %#lx is of type %u and used as %#x", f,
		      fr->type, r->types[f]);
	}
	if (is_table(fr) && r->typed[f] != 0 && !is_whole(fr) &&
	    r->typed[f] != 1) {
		wrong(r, "I1: frame %#lx is used while half done", f);
	}
}

/* I6, I7: each reference is counted once. */
static void check_counts(struct recount *r, uint64_t f)
{
	const struct frame *fr = &r->m->frames[f];
	unsigned int typed = in_queue(fr) ? 1 : fr->type_count;

	if (!is_doms(r, fr)) {
		if (r->refs[f] != 0) {
			wrong(r, "I6: frame %#lx is nobody's and used", f);
		}
		return;
	}
	if (fr->count != r->refs[f]) {
		wrong(r, "I6: frame %#lx counts %u references of %u", f,
		      fr->count, r->refs[f]);
	}
	if (typed != r->typed[f]) {
		wrong(r, "I6: frame %#lx counts %u type references of %u", f,
		      typed, r->typed[f]);
	}
	/* What is above is for the references of a half-done table. */
	if ((fr->flags & (FRAME_PARTIAL | FRAME_DYING)) == 0 &&
	    (fr->count > FRAME_COUNT_MAX - 2 || typed > FRAME_COUNT_MAX - 2)) {
		wrong(r, "I6: frame %#lx has more than can be counted", f);
	}
	if ((fr->flags & FRAME_PINNED) != 0 && !is_whole(fr)) {
		wrong(r, "I7: frame %#lx is pinned and no table", f);
	}
}

/* I4: a table that is mapped by others of its level maps none itself. */
static void check_linear(struct recount *r, uint64_t f)
{
	const struct frame *fr = &r->m->frames[f];

	if (!is_doms(r, fr) || !is_table(fr)) {
		return;
	}
	if (r->linear[f] != fr->table.linear) {
		wrong(r, "I4: frame %#lx counts %d linear entries of %d", f,
		      fr->table.linear, r->linear[f]);
	}
	/* The other way a wrong number is what is counted above. */
	if (fr->table.linear < -FRAME_LINEAR_MAX) {
		wrong(r, "I4: frame %#lx maps more tables than can be", f);
	}
	if (r->maps[f] && r->is_mapped[f]) {
		wrong(r, "I4: frame %#lx is in the midst of a chain", f);
	}
}

/* I5: the hypervisor's slots are as it made them. */
static void check_xen_slots(struct recount *r, uint64_t f)
{
	const struct frame *fr = &r->m->frames[f];
	const pte_t *e = frame_ptes(r->m, mfn(f)) + XEN_L4_FIRST;

	if (!is_doms(r, fr) || fr->type != FRAME_L4 || !is_whole(fr)) {
		return;
	}
	for (unsigned int i = 0; i < XEN_L4_SLOTS; i++) {
		/* The CPU's own bit is no difference. */
		if (((e[i].v ^ r->m->xen_slots[i].v) & ~PTE_A) != 0) {
			wrong(r,
			      "I5: a slot of frame %#lx is not the "
			      "hypervisor's",
			      f);
		}
	}
}

/* What a domain counts of itself. */
static void check_domain(struct recount *r, unsigned int at)
{
	const struct mmu_domain *d = r->of->doms[at];

	if (d->nr_pages != r->pages[at]) {
		wrong(r, "I6: a domain counts %lu frames of %lu", d->nr_pages,
		      r->pages[at]);
	}
	for (unsigned int i = 0; i < MMU_MAX_FOREIGN; i++) {
		if (d->foreign[i].owner != NULL &&
		    d->foreign[i].entries != r->lent[at][i]) {
			wrong(r,
			      "I6: frame %#lx of another is mapped by %u "
			      "entries of %u",
			      d->foreign[i].frame.v, d->foreign[i].entries,
			      r->lent[at][i]);
		}
	}
}

bool recount(const struct mmu *m, const struct recount_of *of, char *said,
	     size_t room)
{
	static struct recount r;

	memset(&r, 0, sizeof(r));
	r.m = m;
	r.of = of;
	r.said = said;
	r.room = room;
	said[0] = '\0';
	if (m->nr_frames > RECOUNT_FRAMES || of->nr_doms > RECOUNT_DOMS) {
		wrong(&r, "the machine is too large to be counted");
		return false;
	}
	r.refs[of->bias.mfn.v] = of->bias.count;
	r.typed[of->bias.mfn.v] = of->bias.type;
	r.linear[of->bias.mfn.v] = of->bias.linear;
	r.is_mapped[of->bias.mfn.v] = of->bias.linear > 0;
	r.maps[of->bias.mfn.v] = of->bias.linear < 0;
	demand_holders(&r);
	for (unsigned int i = 0; i < of->nr_doms; i++) {
		const struct mmu_domain *d = of->doms[i];

		demand_domain(&r, d);
		for (unsigned int v = 0; v < d->nr_vcpus; v++) {
			if (d->vcpu[v] != NULL) {
				demand_vcpu(&r, d->vcpu[v]);
			}
		}
		check_domain(&r, i);
	}
	for (uint64_t f = 0; f < m->nr_frames; f++) {
		check_type(&r, f);
		check_counts(&r, f);
		check_linear(&r, f);
		check_xen_slots(&r, f);
	}
	return said[0] == '\0';
}
