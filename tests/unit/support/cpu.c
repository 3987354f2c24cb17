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

/* A walk under way. */
struct seen {
	const struct mmu *m;
	struct cached *cached;
	unsigned int nr;
};

static struct cached *room(void)
{
	struct cached *c = malloc(CACHE_MAX * sizeof(*c));

	if (c == NULL) {
		abort();
	}
	return c;
}

void cpu_init(struct cpu *c)
{
	c->cache = room();
	c->spare = room();
	c->seen = room();
}

void cpu_fini(struct cpu *c)
{
	free(c->cache);
	free(c->spare);
	free(c->seen);
}

static void note(struct seen *s, struct cached c)
{
	if (s->nr == CACHE_MAX) {
		fprintf(stderr, "more translations than the test has room\n");
		abort();
	}
	s->cached[s->nr++] = c;
}

/* Rights are those of all levels: writable is what the levels above say. */
static void walk(struct seen *s, mfn_t table, unsigned int level, uint64_t va,
		 bool writable)
{
	const pte_t *entries = frame_ptes(s->m, table);
	/* Through a linear entry an L4 may stand at any level. */
	bool is_l4 = frame_of(s->m, table)->type == FRAME_L4;

	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		uint64_t at = va + ((uint64_t)i << pt_shift(level));
		pte_t e = entries[i];
		bool rw = writable && pte_writable(e);

		if (!pte_present(e) ||
		    (is_l4 && i >= XEN_L4_FIRST && i <= XEN_L4_LAST)) {
			continue;
		}
		note(s, (struct cached){at, pte_mfn(e).v, rw, level});
		if (level > 1) {
			walk(s, pte_mfn(e), level - 1, at, rw);
		}
	}
}

/* Descriptor pages stand first: no walk meets level 0. */
static void look_at_window(struct seen *s, const struct cpu *c)
{
	for (unsigned int i = 0; i < DESC_WINDOW_ENTRIES; i++) {
		mfn_t f = pte_mfn(c->window[i]);

		if (pte_present(c->window[i]) && f.v != s->m->zero_frame.v) {
			note(s, (struct cached){i, f.v, true, 0});
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
	return (int)a->writable - (int)b->writable;
}

/* What was cached, and what was seen now; without room, only the latter. */
static void merge(struct cpu *c, const struct seen *s)
{
	struct cached *both = c->spare;
	unsigned int old = 0;
	unsigned int new = 0;
	unsigned int nr = 0;

	while ((old < c->nr_cached || new < s->nr) && nr < CACHE_MAX) {
		int order = old == c->nr_cached ? 1
			    : new == s->nr
				    ? -1
				    : order_of(&c->cache[old], &s->cached[new]);

		both[nr++] = order < 0 ? c->cache[old] : s->cached[new];
		old += order <= 0;
		new += order >= 0;
	}
	if (old < c->nr_cached || new < s->nr) {
		nr = s->nr;
		memcpy(both, s->cached, nr * sizeof(*both));
	}
	c->spare = c->cache;
	c->cache = both;
	c->nr_cached = nr;
}

void cpu_run(struct cpu *c)
{
	const struct mmu_vcpu *v = c->vcpu;
	const mfn_t roots[] = {v->kernel_root, v->user_root};
	struct seen s = {.m = v->dom->m, .cached = c->seen};

	look_at_window(&s, c);
	merge(c, &s);
	for (unsigned int i = 0; i < 2; i++) {
		s.nr = 0;
		if (roots[i].v != 0) {
			walk(&s, roots[i], 4, 0, true);
			merge(c, &s);
		}
	}
}

void cpu_flush_all(struct cpu *c)
{
	c->nr_cached = 0;
}

void cpu_flush_page(struct cpu *c, vaddr_t va)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < c->nr_cached; i++) {
		if (c->cache[i].va >> PAGE_SHIFT != va.v >> PAGE_SHIFT ||
		    c->cache[i].level != 1) {
			c->cache[kept++] = c->cache[i];
		}
	}
	c->nr_cached = kept;
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
	return !d->locked || f->owner < OWNER_FREED;
}

static const char *wrong_with(const struct mmu_domain *d,
			      const struct cached *c)
{
	const struct frame *f = frame_of(d->m, mfn(c->frame));

	if (has_left(d, c->frame)) {
		return "left the domain and is cached";
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
		return frame_type_refs(f) > 0 && !(frame_is_table(f->type) &&
						   f->type >= c->level - 1)
			       ? "is no such table and cached as one"
			       : NULL;
	}
}

bool cpu_is_sound(const struct cpu *c, char *why, size_t size)
{
	for (unsigned int i = 0; i < c->nr_cached; i++) {
		const char *what = wrong_with(c->vcpu->dom, &c->cache[i]);

		if (what != NULL) {
			snprintf(why, size, "frame %#lx %s (vCPU %u, va %#lx)",
				 c->cache[i].frame, what, c->vcpu->id,
				 c->cache[i].va);
			return false;
		}
	}
	return true;
}
