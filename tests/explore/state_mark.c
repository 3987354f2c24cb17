/* SPDX-License-Identifier: MIT */
/*
 * Marks. They keep of the machine what a state keeps (state.c), but as it is
 * and not encoded: a state is read for each request that changed something, a
 * mark is compared for each that was made, and those are fifty times as many.
 * What a mark leaves out is what a state leaves out; state_is_exact() is the
 * proof for both.
 */
#include "tests/explore/state_mark.h"

#include "tests/explore/scope.h"

#include <string.h>

/* Which of an L4's own: they are all there, or none is (state.c). */
#define XENS_MARK (XEN_L4_FIRST + 1)

static void take_dom(const struct mmu_domain *d, bool dead,
		     struct mark_dom *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->dead = dead;
	ret->left = d->left;
	ret->epoch = d->epoch;
	ret->destroy_next = d->destroy_next;
	ret->nr_pages = d->nr_pages;
	ret->owed = d->owed;
	ret->dying_head = d->dying_head;
	ret->freed_head = d->freed_head;
	ret->nr_freed = d->nr_freed;
	ret->nr_held = d->nr_held;
	memcpy(ret->held, d->held, sizeof(ret->held));
	memcpy(ret->foreign, d->foreign, sizeof(ret->foreign));
}

void mark_take(const struct world *w, struct mark *ret)
{
	memcpy(ret->frames, w->frames, sizeof(ret->frames));
	memcpy(ret->cached, w->cached, sizeof(ret->cached));
	memcpy(ret->window, w->window, sizeof(ret->window));
	memcpy(ret->vcpu, w->vcpu, sizeof(ret->vcpu));
	for (unsigned int i = 0; i < w->nr_named; i++) {
		const pte_t *e = frame_ptes(&w->mmu, named(i));

		ret->xens[i] = e[XENS_MARK];
		for (unsigned int s = 0; s < w->scope->nr_slots; s++) {
			ret->entry[i][s] = e[w->scope->slot[s]];
		}
	}
	for (unsigned int i = 0; i < w->scope->nr_doms; i++) {
		take_dom(&w->dom[i], w->dead[i], &ret->dom[i]);
	}
	ret->free_run = w->mmu.free_run[0];
	ret->nr_free = w->mmu.nr_free;
}

static bool same_entries(const struct world *w, const struct mark *m)
{
	uint64_t other = 0;

	for (unsigned int i = 0; i < w->nr_named; i++) {
		const pte_t *e = frame_ptes(&w->mmu, named(i));

		other |= e[XENS_MARK].v ^ m->xens[i].v;
		for (unsigned int s = 0; s < w->scope->nr_slots; s++) {
			other |= e[w->scope->slot[s]].v ^ m->entry[i][s].v;
		}
	}
	return other == 0;
}

/* Padding, too: where it differs, no more is said than "perhaps another". */
static bool same_bytes(const void *a, const void *b, size_t size)
{
	return memcmp(a, b, size) == 0;
}

static bool same_doms(const struct world *w, const struct mark *m)
{
	struct mark_dom now;

	for (unsigned int i = 0; i < w->scope->nr_doms; i++) {
		take_dom(&w->dom[i], w->dead[i], &now);
		if (!same_bytes(&now, &m->dom[i], sizeof(now))) {
			return false;
		}
	}
	return true;
}

static bool same_vcpus(const struct world *w, const struct mark *m)
{
	unsigned int nr = w->nr_vcpus;

	return memcmp(w->vcpu, m->vcpu, nr * sizeof(w->vcpu[0])) == 0 &&
	       memcmp(w->cached, m->cached, nr * sizeof(w->cached[0])) == 0 &&
	       memcmp(w->window, m->window, nr * sizeof(w->window[0])) == 0;
}

bool mark_is_same(const struct world *w, const struct mark *m)
{
	return memcmp(w->frames, m->frames,
		      w->mmu.nr_frames * sizeof(w->frames[0])) == 0 &&
	       same_entries(w, m) && same_vcpus(w, m) && same_doms(w, m) &&
	       w->mmu.free_run[0] == m->free_run &&
	       w->mmu.nr_free == m->nr_free;
}

static void restore_entries(struct world *w, const struct mark *m)
{
	for (unsigned int i = 0; i < w->nr_named; i++) {
		pte_t *e = frame_ptes(&w->mmu, named(i));

		if (e[XENS_MARK].v != m->xens[i].v && m->xens[i].v != 0) {
			memcpy(&e[XEN_L4_FIRST], w->mmu.xen_slots,
			       sizeof(w->mmu.xen_slots));
		} else if (e[XENS_MARK].v != m->xens[i].v) {
			memset(&e[XEN_L4_FIRST], 0, sizeof(w->mmu.xen_slots));
		}
		/* Some of which may be among those that are used. */
		for (unsigned int s = 0; s < w->scope->nr_slots; s++) {
			e[w->scope->slot[s]] = m->entry[i][s];
		}
	}
}

static void restore_dom(struct mmu_domain *d, const struct mark_dom *m)
{
	d->epoch = m->epoch;
	d->left = m->left;
	d->destroy_next = m->destroy_next;
	d->nr_pages = m->nr_pages;
	d->owed = m->owed;
	d->dying_head = m->dying_head;
	d->freed_head = m->freed_head;
	d->nr_freed = m->nr_freed;
	d->nr_held = m->nr_held;
	memcpy(d->held, m->held, sizeof(m->held));
	memcpy(d->foreign, m->foreign, sizeof(m->foreign));
	d->lock.word = 0;
}

void mark_restore(struct world *w, const struct mark *m)
{
	memcpy(w->frames, m->frames, sizeof(m->frames));
	memcpy(w->cached, m->cached, sizeof(m->cached));
	memcpy(w->window, m->window, sizeof(m->window));
	memcpy(w->vcpu, m->vcpu, sizeof(m->vcpu));
	restore_entries(w, m);
	for (unsigned int i = 0; i < w->scope->nr_doms; i++) {
		w->dead[i] = m->dom[i].dead;
		restore_dom(&w->dom[i], &m->dom[i]);
	}
	w->mmu.free_run[0] = m->free_run;
	w->mmu.nr_free = m->nr_free;
	w->mmu.pool_lock.word = 0;
	w->fault[0] = '\0';
}
