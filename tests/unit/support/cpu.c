/* SPDX-License-Identifier: MIT */
/*
 * The CPU that caches all it may: see cpu.h. What is cached is kept in the
 * order in which a walk of all tables meets it, so that the next walk is
 * merged into it in one pass.
 */
#include "tests/unit/support/cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/table/walk.h"

#define CACHE_MAX 65536

static void append(struct cached_list *l, struct cached c)
{
	if (l->nr == l->room) {
		l->room = l->room == 0 ? 256 : l->room * 2;
		l->at = realloc(l->at, l->room * sizeof(*l->at));
		if (l->at == NULL) {
			abort();
		}
	}
	l->at[l->nr++] = c;
}

void cpu_fini(struct worst_cpu *c)
{
	free(c->cache.at);
	free(c->spare.at);
	free(c->seen.at);
}

/* A walk under way. */
struct walk {
	const struct mmu *m;
	struct cached_list *seen;
	uint8_t tag;
};

/* Rights are those of all levels: writable is what the levels above say. */
static void walk(const struct walk *s, mfn_t table, unsigned int level,
		 uint64_t va, bool writable)
{
	const pte_t *entries = frame_ptes(s->m, table);
	/*
	 * Through a linear entry an L4 may stand at any level. A 32-bit
	 * domain's L3 is one of 512 entries to the CPU.
	 */
	bool is_l4 = frame_of(s->m, table)->type == FRAME_L4;
	bool is_last_l2 = frame_of(s->m, table)->type == FRAME_L2_XEN;

	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		uint64_t at = va + ((uint64_t)i << pt_shift(level));
		pte_t e = entries[i];
		bool rw = writable && pte_writable(e);

		if (!pte_present(e) ||
		    (is_l4 && i >= XEN_L4_FIRST && i <= XEN_L4_LAST) ||
		    (is_last_l2 && i >= XEN_L2_FIRST)) {
			continue;
		}
		append(s->seen,
		       (struct cached){at, pte_mfn(e).v, rw,
				       level == 1 && (e.v & PTE_G) != 0, s->tag,
				       level});
		if (level > 1) {
			walk(s, pte_mfn(e), level - 1, at, rw);
		}
	}
}

/* Descriptor pages stand first: no walk meets level 0. */
static void look_at_window(const struct walk *s, const struct worst_cpu *c)
{
	for (unsigned int i = 0; i < DESC_WINDOW_ENTRIES; i++) {
		mfn_t f = pte_mfn(c->window[i]);

		if (pte_present(c->window[i]) && f.v != s->m->zero_frame.v) {
			append(s->seen,
			       (struct cached){i, f.v, true, false, s->tag, 0});
		}
	}
}

static int order_of(const struct cached *a, const struct cached *b)
{
	if ((a->level == 0) != (b->level == 0)) {
		return a->level == 0 ? -1 : 1;
	}
	if (a->va != b->va) {
		return a->va < b->va ? -1 : 1;
	}
	if (a->level != b->level) {
		return a->level > b->level ? -1 : 1;
	}
	if (a->frame != b->frame) {
		return a->frame < b->frame ? -1 : 1;
	}
	if (a->writable != b->writable) {
		return (int)a->writable - (int)b->writable;
	}
	if (a->global != b->global) {
		return (int)a->global - (int)b->global;
	}
	return (int)a->tag - (int)b->tag;
}

/* What was cached, and what was seen now; where that is too much, the latter.
 */
static void merge(struct worst_cpu *c)
{
	const struct cached_list *old = &c->cache;
	const struct cached_list *new = &c->seen;
	struct cached_list both = c->spare;
	unsigned int o = old->nr + new->nr > CACHE_MAX ? old->nr : 0;
	unsigned int n = 0;

	both.nr = 0;
	while (o < old->nr || n < new->nr) {
		int order = o == old->nr   ? 1
			    : n == new->nr ? -1
					   : order_of(&old->at[o], &new->at[n]);

		append(&both, order < 0 ? old->at[o] : new->at[n]);
		o += order <= 0;
		n += order >= 0;
	}
	c->spare = c->cache;
	c->cache = both;
	c->seen.nr = 0;
}

/* --- what it is told ------------------------------------------------------
 */

/* Without identifiers every translation has the same tag. */
static bool has_tag(const struct worst_cpu *c, const struct cached *e,
		    enum tag tag)
{
	return (c->tags.features & TAGS_PCID) == 0 || e->tag == tag;
}

static bool has_globals(const struct worst_cpu *c)
{
	return (c->tags.features & TAGS_GLOBAL) != 0;
}

/* What MOV to CR3 drops. */
static bool is_dropped_with(const struct worst_cpu *c, const struct cached *e,
			    enum tag tag)
{
	return has_tag(c, e, tag) && !(has_globals(c) && e->global);
}

static void drop_tag(struct worst_cpu *c, enum tag tag)
{
	struct cached_list *l = &c->cache;
	unsigned int kept = 0;

	for (unsigned int i = 0; i < l->nr; i++) {
		if (!is_dropped_with(c, &l->at[i], tag)) {
			l->at[kept++] = l->at[i];
		}
	}
	l->nr = kept;
}

static void load_cr3(struct worst_cpu *c, uint64_t cr3)
{
	c->current = (enum tag)(cr3 & CR3_TAG_MASK);
	if ((cr3 & CR3_KEEP) == 0) {
		drop_tag(c, c->current);
	}
}

/* Addresses of walks have no sign: 48 bits of them count. */
static bool same_page(uint64_t a, uint64_t b)
{
	return ((a ^ b) << 16) >> (16 + PAGE_SHIFT) == 0;
}

/* INVLPG drops what is global, INVPCID of an address need not. */
static void drop_page(struct worst_cpu *c, vaddr_t va, enum tag tag,
		      bool global)
{
	struct cached_list *l = &c->cache;
	unsigned int kept = 0;

	for (unsigned int i = 0; i < l->nr; i++) {
		const struct cached *e = &l->at[i];

		if (e->level != 1 || !same_page(e->va, va.v) ||
		    !(is_dropped_with(c, e, tag) || (global && e->global))) {
			l->at[kept++] = *e;
		}
	}
	l->nr = kept;
}

static void obey(struct worst_cpu *c, uint32_t orders, vaddr_t va)
{
	if ((orders & TAGS_RELOAD) != 0) {
		load_cr3(c, c->current);
	}
	if ((orders & TAGS_INVLPG) != 0) {
		drop_page(c, va, c->current, true);
	}
	if ((orders & TAGS_INVPCID_PAGE) != 0) {
		drop_page(c, va, c->current == TAG_USER ? TAG_KERNEL : TAG_USER,
			  false);
	}
	if ((orders & TAGS_INVPCID_ALL) != 0) {
		c->cache.nr = 0;
	}
}

void cpu_flush_all(struct worst_cpu *c)
{
	obey(c, tags_flush_all(&c->tags, c->current), vaddr(0));
}

void cpu_flush_page(struct worst_cpu *c, vaddr_t va)
{
	obey(c, tags_flush_page(&c->tags, c->current), va);
}

void cpu_load_root(struct worst_cpu *c)
{
	uint64_t cr3;
	uint32_t orders = tags_switch(&c->tags, TAG_KERNEL, 0, &cr3);

	load_cr3(c, cr3);
	obey(c, orders, vaddr(0));
}

void cpu_leave_user(struct worst_cpu *c)
{
	obey(c, tags_leave_user(&c->tags, c->current), vaddr(0));
}

bool cpu_can_use(const struct worst_cpu *c, const struct cached *e)
{
	return (has_globals(c) && e->global) || has_tag(c, e, c->current) ||
	       !tags_owes(&c->tags, (enum tag)e->tag);
}

/* --- what it does ---------------------------------------------------------
 */

static void look(struct worst_cpu *c, mfn_t root, unsigned int level)
{
	struct walk w = {c->vcpu->dom->m, &c->seen, (uint8_t)c->current};

	look_at_window(&w, c);
	merge(c);
	walk(&w, root, level, 0, true);
	merge(c);
}

static void run_user(struct worst_cpu *c)
{
	load_cr3(c, tags_cr3(&c->tags, TAG_USER, 0));
	look(c, c->vcpu->user_root, 4);
	load_cr3(c, tags_cr3(&c->tags, TAG_KERNEL, 0));
}

void cpu_run(struct worst_cpu *c)
{
	const struct mmu_vcpu *v = c->vcpu;

	if (v->user_root.v != 0) {
		run_user(c);
	}
	load_cr3(c, tags_cr3(&c->tags, TAG_KERNEL, 0));
	if (v->top == NULL && v->kernel_root.v != 0) {
		look(c, v->kernel_root, 4);
	} else if (v->top != NULL && pte_present(c->top)) {
		look(c, pte_mfn(c->top), 3);
	}
}

enum cpu_access cpu_write(const struct worst_cpu *c, vaddr_t va)
{
	const struct mmu_vcpu *v = c->vcpu;
	const struct pt_width *width = v->dom->width;
	bool writable = true;
	pte_t entries[5];

	if (mmu_walk(v->dom->m, width, v->kernel_root, va, entries) !=
		    width->top ||
	    !pte_present(entries[1])) {
		return ACCESS_NOT_PRESENT;
	}
	for (unsigned int level = 1; level <= width->top; level++) {
		writable = writable && pte_writable(entries[level]);
	}
	if (!writable) {
		return ACCESS_READ_ONLY;
	}
	for (unsigned int i = 0; i < c->cache.nr; i++) {
		const struct cached *e = &c->cache.at[i];

		if (e->level == 1 && !e->writable && same_page(e->va, va.v) &&
		    cpu_can_use(c, e)) {
			return ACCESS_STALE;
		}
	}
	return ACCESS_DONE;
}

static bool is_protected(const struct frame *f)
{
	return frame_type_refs(f) > 0 &&
	       (frame_is_table(f->type) || f->type == FRAME_DESC);
}

/* Is the frame another's, who lets the domain map it? */
static bool is_lent_to(const struct mmu_domain *d, uint64_t frame)
{
	for (unsigned int i = 0; i < MMU_MAX_FOREIGN; i++) {
		if (d->foreign[i].owner != NULL &&
		    d->foreign[i].frame.v == frame) {
			return true;
		}
	}
	return false;
}

static bool has_left(const struct mmu_domain *d, uint64_t frame)
{
	const struct frame *f = frame_of(d->m, mfn(frame));

	if (f->owner == d->tag || is_lent_to(d, frame)) {
		return false;
	}
	/* A frame that is on its way is nobody's; the flush is to come. */
	return !d->lock.held || f->owner < OWNER_FREED;
}

static const char *wrong_with(const struct mmu_domain *d,
			      const struct cached *c)
{
	const struct frame *f = frame_of(d->m, mfn(c->frame));

	if (has_left(d, c->frame)) {
		return "left the domain and is cached";
	}
	if (f->owner == OWNER_FREED) {
		return NULL; /* its record is one of a list */
	}
	switch (c->level) {
	case 0:
		return frame_type_refs(f) > 0 && f->type != FRAME_DESC
			       ? "is no descriptor page and cached as one"
			       : NULL;
	case 1:
		return c->writable && is_protected(f)
			       ? "is a table and cached writable"
			       : NULL;
	default:
		/* A linear entry leads to a table above the one expected. */
		return frame_type_refs(f) > 0 &&
				       !(frame_is_table(f->type) &&
					 frame_level(f->type) >= c->level - 1)
			       ? "is no such table and cached as one"
			       : NULL;
	}
}

bool cpu_is_sound(const struct worst_cpu *c, char *why, size_t size)
{
	for (unsigned int i = 0; i < c->cache.nr; i++) {
		const struct cached *entry = &c->cache.at[i];
		const char *what = cpu_can_use(c, entry)
					   ? wrong_with(c->vcpu->dom, entry)
					   : NULL;

		if (what != NULL) {
			snprintf(why, size, "frame %#lx %s (vCPU %u, va %#lx)",
				 entry->frame, what, c->vcpu->id, entry->va);
			return false;
		}
	}
	return true;
}
