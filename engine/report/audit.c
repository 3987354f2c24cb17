/* SPDX-License-Identifier: MIT */
/*
 * The audit deliberately shares no code with the reference counting: it would
 * otherwise repeat its mistakes. Two passes: tally every reference that stands
 * in a table or in a vCPU, then compare each frame's record with its tally and
 * with what its own state holds, count whose it is, and clear the tally for the
 * next audit. One would not do: the last table may refer to the first frame.
 */
#include "engine/report/audit.h"

#include "engine/table/level.h"

struct audit {
	const struct mmu *m;
	struct mmu_domain *const *doms;
	unsigned int nr_doms;
	struct audit_tally *tally;
	struct audit_report *report;
	unsigned int last; /* place of the domain whose frame was met last */
	uint64_t pages[MMU_MAX_DOMAINS];
	uint64_t nr_free, nr_freed;
};

static void differ(struct audit *a, enum audit_kind kind, mfn_t f,
		   uint64_t seen, uint64_t expected)
{
	struct audit_report *r = a->report;

	if (r->total < AUDIT_KEPT) {
		r->first[r->total] =
			(struct audit_difference){kind, f, seen, expected};
	}
	r->total++;
}

static struct audit_tally *tally_of(struct audit *a, mfn_t f)
{
	return mfn_valid(a->m, f) ? &a->tally[f.v] : NULL;
}

static void tally_plain(struct audit *a, mfn_t f)
{
	struct audit_tally *t = tally_of(a, f);

	if (t == NULL) {
		differ(a, AUDIT_ENTRY, f, f.v, 0);
		return;
	}
	t->count++;
}

static void tally_typed(struct audit *a, mfn_t f, enum frame_type type)
{
	struct audit_tally *t = tally_of(a, f);

	tally_plain(a, f);
	if (t != NULL) {
		t->type_count++;
		if (frame_of(a->m, f)->type != type) {
			t->others |= (uint8_t)(1u << type);
		}
	}
}

/* A table under audit. */
struct table {
	mfn_t frame;
	const struct frame *record;
	const struct pt_width *width;
	unsigned int level;
	const struct pt_level *l;
};

/* Whose frame it is says how wide its entries are. */
static const struct pt_width *width_of(const struct audit *a, uint16_t owner)
{
	for (unsigned int i = 0; i < a->nr_doms; i++) {
		if (a->doms[i]->tag == owner) {
			return a->doms[i]->width;
		}
	}
	return &pt_64;
}

static void tally_upper(struct audit *a, const struct table *t,
			unsigned int index, pte_t e)
{
	mfn_t child = pte_mfn(e);
	mfn_t table = t->frame;

	if (mfn_eq(child, table)) {
		if (pte_writable(e) || !t->l->linear) {
			differ(a, AUDIT_ENTRY, table, e.v, 0);
		}
		return;
	}
	if (mfn_valid(a->m, child) &&
	    frame_level(frame_of(a->m, child)->type) == t->level) {
		tally_typed(a, child, frame_of(a->m, child)->type);
		a->tally[child.v].linear++;
		a->tally[table.v].linear--;
		if (pte_writable(e) || !t->l->linear) {
			differ(a, AUDIT_ENTRY, table, e.v, 0);
		}
		return;
	}
	tally_typed(a, child, pt_child(t->l, index));
}

/* An entry that maps another domain's frame counts in a record of its own's. */
static bool tally_foreign(struct audit *a, uint16_t tag, pte_t e)
{
	for (unsigned int i = 0; i < a->nr_doms; i++) {
		struct mmu_domain *d = a->doms[i];

		for (unsigned int r = 0; d->tag == tag && r < MMU_MAX_FOREIGN;
		     r++) {
			struct mmu_foreign *f = &d->foreign[r];

			if (f->owner != NULL && mfn_eq(f->frame, pte_mfn(e)) &&
			    f->writable == pte_writable(e)) {
				f->audited++;
				return true;
			}
		}
	}
	return false;
}

/* The references of a domain's records, and whether their counts are right. */
static void tally_records(struct audit *a, struct mmu_domain *d)
{
	for (unsigned int r = 0; r < MMU_MAX_FOREIGN; r++) {
		struct mmu_foreign *f = &d->foreign[r];

		if (f->owner == NULL) {
			continue;
		}
		if (f->entries != f->audited) {
			differ(a, AUDIT_COUNT, f->frame, f->entries,
			       f->audited);
		}
		f->audited = 0;
		if (f->writable) {
			tally_typed(a, f->frame, FRAME_WRITABLE);
		} else {
			tally_plain(a, f->frame);
		}
	}
}

/*
 * An entry of an L1 as nearly all are: nothing is wrong with it, and it maps
 * one of the domain's own frames. False: it has to be looked at in full.
 */
static inline bool tally_own_page(const struct audit *a, uint16_t owner,
				  uint64_t forbidden, pte_t e)
{
	mfn_t child = pte_mfn(e);
	const struct frame *fr;
	struct audit_tally *t;

	if (unlikely((e.v & forbidden) != 0 || !mfn_valid(a->m, child))) {
		return false;
	}
	fr = frame_of(a->m, child);
	t = &a->tally[child.v];
	if (unlikely(fr->owner != owner)) {
		return false;
	}
	t->count++;
	if (pte_writable(e)) {
		t->type_count++;
		if (unlikely(fr->type != FRAME_WRITABLE)) {
			t->others |= (uint8_t)(1u << FRAME_WRITABLE);
		}
	}
	return true;
}

static void tally_entry(struct audit *a, const struct table *t,
			unsigned int index, pte_t e)
{
	uint64_t allowed = t->l->allowed | (t->l->nx & a->m->pte_nx);
	uint16_t owner = t->record->owner;
	mfn_t child = pte_mfn(e);

	if (t->level == 1 && mfn_valid(a->m, child) &&
	    frame_of(a->m, child)->owner != owner &&
	    (pte_flags(e) & ~allowed) == 0 && tally_foreign(a, owner, e)) {
		return;
	}
	if ((pte_flags(e) & ~allowed) != 0 || !mfn_valid(a->m, child) ||
	    frame_of(a->m, child)->owner != owner) {
		differ(a, AUDIT_ENTRY, t->frame, e.v, t->level);
	}
	if (t->level > 1) {
		tally_upper(a, t, index, e);
	} else if (pte_writable(e)) {
		tally_typed(a, child, FRAME_WRITABLE);
	} else {
		tally_plain(a, child);
	}
}

static void tally_l1(struct audit *a, const struct table *t,
		     const pte_t *entries, unsigned int nr)
{
	const uint64_t forbidden =
		PTE_FLAGS_MASK & ~(t->l->allowed | (t->l->nx & a->m->pte_nx));
	const uint16_t owner = t->record->owner;

	for (unsigned int i = 0; i < nr; i++) {
		pte_t e = pte_read(&entries[i]);

		if (pte_present(e) && !tally_own_page(a, owner, forbidden, e)) {
			tally_entry(a, t, i, e);
		}
	}
}

/* What is the hypervisor's in a whole table (I5). */
static void check_whole(struct audit *a, const struct table *t)
{
	const struct pt_width *w = t->width;
	const pte_t *entries = frame_ptes(a->m, t->frame);

	for (unsigned int i = 0;
	     t->record->type == w->xen && i < w->nr_xen_slots; i++) {
		pte_t e = pte_read(&entries[w->xen_first + i]);

		if (((e.v ^ xen_slots_of(a->m, w)[i].v) & ~(uint64_t)PTE_A) !=
		    0) {
			differ(a, AUDIT_ENTRY, t->frame, e.v, w->xen_first + i);
		}
	}
	for (unsigned int i = t->l->entries; i < PT_ENTRIES; i++) {
		if (entries[i].v != 0) {
			differ(a, AUDIT_ENTRY, t->frame, entries[i].v, i);
		}
	}
	if (t->l->last_fixed && !pte_present(entries[t->l->entries - 1])) {
		differ(a, AUDIT_ENTRY, t->frame, 0, t->l->entries - 1);
	}
}

/* A table holds the references of [0, nr_validated), or of all entries. */
static void tally_table(struct audit *a, mfn_t table)
{
	const struct frame *fr = frame_of(a->m, table);
	const pte_t *entries = frame_ptes(a->m, table);
	const struct pt_width *w = width_of(a, fr->owner);
	const struct table t = {table, fr, w, frame_level(fr->type),
				&w->level[frame_level(fr->type)]};
	unsigned int nr = t.l->entries;

	if (fr->flags & FRAME_VALIDATED) {
		check_whole(a, &t);
	}
	if (fr->flags & (FRAME_PARTIAL | FRAME_DYING)) {
		nr = fr->table.nr_validated;
	}
	if (t.level == 1) {
		tally_l1(a, &t, entries, nr);
		return;
	}
	for (unsigned int i = 0; i < nr; i++) {
		pte_t e = pte_read(&entries[i]);

		if (!is_xen_slot(w, fr->type, i) && pte_present(e)) {
			tally_entry(a, &t, i, e);
		}
	}
}

static bool is_no_domains(const struct frame *fr)
{
	return fr->owner == OWNER_NONE || fr->owner == OWNER_XEN ||
	       fr->owner == OWNER_FREED || fr->owner == OWNER_FREE;
}

static bool is_table_in_use(const struct frame *fr)
{
	return frame_is_table(fr->type) && frame_type_refs(fr) > 0;
}

/*
 * Most frames are no tables: it costs as much to know that as to fetch their
 * records, and their tallies are left alone.
 */
static void tally_tables(struct audit *a)
{
	for (uint64_t i = 0; i < a->m->nr_frames; i++) {
		const struct frame *fr = frame_of(a->m, mfn(i));

		if (unlikely(is_table_in_use(fr)) && !is_no_domains(fr)) {
			tally_table(a, mfn(i));
		}
	}
}

/* The references that a frame's own state holds, of its own type. */
static unsigned int held_by_state(const struct frame *fr)
{
	bool half = (fr->flags & (FRAME_PARTIAL | FRAME_DYING)) != 0;
	unsigned int held = (fr->flags & FRAME_SHARED) != 0;

	held += (fr->flags & FRAME_PINNED) != 0;
	held += half && is_table_in_use(fr);
	return held;
}

static void tally_vcpu(struct audit *a, const struct mmu_vcpu *v)
{
	if (v->kernel_root.v != 0) {
		tally_typed(a, v->kernel_root, v->dom->width->root);
	}
	if (v->user_root.v != 0) {
		tally_typed(a, v->user_root, v->dom->width->root);
	}
	if (v->top != NULL &&
	    !mfn_eq(pte_mfn(pte_read(v->top)), v->kernel_root)) {
		differ(a, AUDIT_ENTRY, v->kernel_root, v->top->v, 0);
	}
	for (unsigned int i = 0; i < GDT_FRAMES; i++) {
		if (v->gdt[i].v != 0) {
			tally_typed(a, v->gdt[i], FRAME_DESC);
		}
	}
	for (unsigned int i = 0; i < LDT_FRAMES; i++) {
		if (v->ldt[i].v != 0) {
			tally_typed(a, v->ldt[i], FRAME_DESC);
		}
	}
}

static void compare_state(struct audit *a, mfn_t f)
{
	const struct frame *fr = frame_of(a->m, f);
	uint8_t state =
		fr->flags & (FRAME_VALIDATED | FRAME_PARTIAL | FRAME_DYING);

	if (frame_is_table(fr->type)) {
		bool one = state == FRAME_VALIDATED || state == FRAME_PARTIAL ||
			   state == FRAME_DYING;

		if (frame_type_refs(fr) > 0 ? !one : state != 0) {
			differ(a, AUDIT_STATE, f, fr->flags, 0);
		}
	} else if (state & (FRAME_PARTIAL | FRAME_DYING)) {
		differ(a, AUDIT_STATE, f, fr->flags, 0);
	}
}

/* A page of a domain's reservation; most are of the same as the one before. */
static void count_page(struct audit *a, const struct frame *fr)
{
	unsigned int i = a->last;

	if ((fr->flags & FRAME_SHARED) != 0 || a->nr_doms == 0) {
		return;
	}
	if (a->doms[i]->tag != fr->owner) {
		i = 0;
		while (i < a->nr_doms && a->doms[i]->tag != fr->owner) {
			i++;
		}
		if (i == a->nr_doms) {
			return; /* of none that is audited */
		}
		a->last = i;
	}
	a->pages[i]++;
}

static void compare_counts(struct audit *a, mfn_t f,
			   const struct audit_tally *t)
{
	const struct frame *fr = frame_of(a->m, f);
	unsigned int held = held_by_state(fr);
	uint32_t count = t->count + held + ((fr->flags & FRAME_ALLOCATED) != 0);
	uint32_t type_count = t->type_count + held;

	if (fr->count != count) {
		differ(a, AUDIT_COUNT, f, fr->count, count);
	}
	if (frame_type_refs(fr) != type_count) {
		differ(a, AUDIT_TYPE_COUNT, f, frame_type_refs(fr), type_count);
	}
	if (t->others != 0) {
		differ(a, AUDIT_TYPE, f, fr->type, t->others);
	}
	if (is_table_in_use(fr) && fr->table.linear != t->linear) {
		differ(a, AUDIT_LINEAR, f, (uint64_t)fr->table.linear,
		       (uint64_t)t->linear);
	}
}

/*
 * A page as nearly all are, and right: of the domain of the one before it, held
 * by its reservation and by what was tallied. All else is compared in full.
 */
static inline bool is_plain(const struct audit *a, const struct frame *fr,
			    const struct audit_tally *t)
{
	const uint8_t counted = FRAME_ALLOCATED | FRAME_SHARED | FRAME_PINNED |
				FRAME_PARTIAL | FRAME_DYING;

	return a->nr_doms != 0 && fr->owner == a->doms[a->last]->tag &&
	       (fr->flags & counted) == FRAME_ALLOCATED &&
	       !frame_is_table(fr->type) && fr->count == t->count + 1 &&
	       fr->type_count == t->type_count && t->others == 0;
}

static void compare_frame(struct audit *a, mfn_t f)
{
	const struct frame *fr = frame_of(a->m, f);
	struct audit_tally *t = &a->tally[f.v];

	a->nr_free += fr->owner == OWNER_FREE;
	a->nr_freed += fr->owner == OWNER_FREED;
	if (!is_no_domains(fr)) {
		count_page(a, fr);
		compare_counts(a, f, t);
		compare_state(a, f);
	} else if (t->count != 0) {
		differ(a, AUDIT_COUNT, f, 0, t->count);
	}
	/* What nothing refers to is not written: it may not be there yet. */
	if (t->count != 0 || t->linear != 0) {
		*t = (struct audit_tally){0};
	}
}

static void compare_frames(struct audit *a)
{
	for (uint64_t i = 0; i < a->m->nr_frames; i++) {
		const struct frame *fr = frame_of(a->m, mfn(i));
		struct audit_tally *t = &a->tally[i];

		if (likely(is_plain(a, fr, t))) {
			a->pages[a->last]++;
			*t = (struct audit_tally){0};
		} else if (fr->owner == OWNER_FREE && t->count == 0) {
			a->nr_free++;
		} else {
			compare_frame(a, mfn(i));
		}
	}
}

/* Frames that say whose they are, that they are free, or wait to be. */
static void compare_sums(struct audit *a)
{
	uint64_t freed = 0;

	for (unsigned int i = 0; i < a->nr_doms; i++) {
		const struct mmu_domain *d = a->doms[i];

		if (a->pages[i] != d->nr_pages) {
			differ(a, AUDIT_PAGES, mfn(0), d->nr_pages,
			       a->pages[i]);
		}
		freed += d->nr_freed;
	}
	if (a->nr_free != a->m->nr_free) {
		differ(a, AUDIT_POOL, mfn(0), a->m->nr_free, a->nr_free);
	}
	if (a->nr_freed != freed) {
		differ(a, AUDIT_POOL, mfn(0), freed, a->nr_freed);
	}
}

uint64_t mmu_audit(const struct mmu *m, struct mmu_domain *const *doms,
		   unsigned int nr_doms, struct audit_tally *tally,
		   struct audit_report *report)
{
	struct audit a = {.m = m,
			  .doms = doms,
			  .nr_doms = nr_doms,
			  .tally = tally,
			  .report = report};

	report->total = 0;
	tally_tables(&a);
	for (unsigned int i = 0; i < nr_doms; i++) {
		for (unsigned int c = 0; c < doms[i]->nr_vcpus; c++) {
			if (doms[i]->vcpu[c] != NULL) {
				tally_vcpu(&a, doms[i]->vcpu[c]);
			}
		}
		for (unsigned int h = 0; h < doms[i]->nr_held; h++) {
			tally_typed(&a, doms[i]->held[h], FRAME_WRITABLE);
		}
		tally_records(&a, doms[i]);
	}
	compare_frames(&a);
	compare_sums(&a);
	return report->total;
}

const char *audit_kind_name(enum audit_kind kind)
{
	switch (kind) {
	case AUDIT_COUNT:
		return "reference count";
	case AUDIT_TYPE_COUNT:
		return "type count";
	case AUDIT_TYPE:
		return "type";
	case AUDIT_LINEAR:
		return "linear count";
	case AUDIT_ENTRY:
		return "entry";
	case AUDIT_STATE:
		return "state";
	case AUDIT_PAGES:
		return "reservation size";
	case AUDIT_POOL:
		return "free pool";
	}
	return "?";
}
