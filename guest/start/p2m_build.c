/* SPDX-License-Identifier: MIT */
/*
 * The library's own P2M replaces the builder's list: it is made of what the
 * present one holds, and complete before it is used.
 */
#include "guest/start/start.h"

static int tree_top(struct guest *g, struct guest_p2m *p)
{
	uint64_t per_top = (uint64_t)GUEST_P2M_PER_PAGE * GUEST_P2M_PER_PAGE;
	uint64_t entries = (p->nr + per_top - 1) / per_top;
	int error =
		guest_p2m_page_new(g, p, p->missing_leaf.v, &p->missing_mid);

	if (error != 0) {
		return error;
	}
	p->nr_top = (entries + GUEST_P2M_PER_PAGE - 1) / GUEST_P2M_PER_PAGE;
	error = guest_alloc_frames(g, p->nr_top, &p->top);
	if (error != 0) {
		p->nr_top = 0;
		return error;
	}
	p->nr_frames += p->nr_top;
	for (uint64_t i = 0; i < p->nr_top; i++) {
		guest_p2m_page_fill(g, pfn_add(p->top, i), p->missing_mid.v);
	}
	return 0;
}

static int tree_build(struct guest *g, struct guest_p2m *p)
{
	int error = tree_top(g, p);

	for (uint64_t i = 0; error == 0 && i < guest_p2m_nr_leaves(p); i++) {
		pfn_t leaf;

		if (!guest_p2m_leaf_read(g, i)) {
			continue;
		}
		error = guest_p2m_tree_leaf(g, p, i, &leaf);
		if (error == 0) {
			guest_p2m_leaf_write(g, leaf);
		}
	}
	return error;
}

static void tree_free(struct guest *g, struct guest_p2m *p)
{
	for (uint64_t i = 0; i < p->nr_top * GUEST_P2M_PER_PAGE; i++) {
		pfn_t mid = pfn(guest_port_load64(
			g, vaddr_add(guest_direct_va(g, p->top), i * 8)));

		if (pfn_eq(mid, p->missing_mid)) {
			continue;
		}
		for (unsigned int j = 0; j < GUEST_P2M_PER_PAGE; j++) {
			pfn_t leaf = pfn(guest_port_load64(
				g, vaddr_add(guest_direct_va(g, mid), j * 8)));

			if (!pfn_eq(leaf, p->missing_leaf)) {
				guest_p2m_page_free(g, p, leaf);
			}
		}
		guest_p2m_page_free(g, p, mid);
	}
	if (p->nr_top > 0) {
		guest_return_frames(g, p->top, p->nr_top);
		p->nr_frames -= p->nr_top;
	}
	if (!pfn_eq(p->missing_mid, PFN_INVALID)) {
		guest_p2m_page_free(g, p, p->missing_mid);
	}
}

static int p2m_free(struct guest *g, struct guest_p2m *p)
{
	int error = 0;

	if (p->kind == GUEST_P2M_TREE) {
		tree_free(g, p);
	} else {
		error = guest_p2m_linear_free(g, p);
	}
	if (error == 0 && !pfn_eq(p->missing_leaf, PFN_INVALID)) {
		guest_p2m_page_free(g, p, p->missing_leaf);
	}
	return error;
}

/*
 * All frames, and those that may come; or those below the limit on the memory
 * that is used.
 */
static uint64_t nr_covered(const struct guest *g)
{
	uint64_t limit = g->config.memory_limit.v;

	return limit != 0 && limit < g->room_end.v ? limit : g->room_end.v;
}

int guest_p2m_build(struct guest *g, enum guest_p2m_kind kind, vaddr_t linear)
{
	struct guest_p2m new = {
		.kind = kind,
		.nr = nr_covered(g),
		.list = linear,
		.missing_leaf = PFN_INVALID,
		.missing_mid = PFN_INVALID,
	};
	struct guest_p2m old = g->p2m;
	int error;

	if (g->p2m.kind == GUEST_P2M_IDENTITY) {
		return 0;
	}
	/* What is queued may be about the present one. */
	error = guest_batch_flush(g, NULL);
	if (error != 0) {
		return error;
	}
	if ((kind != GUEST_P2M_TREE && kind != GUEST_P2M_LINEAR) ||
	    page_offset(linear.v) != 0) {
		return guest_fail(g, XEN_EINVAL,
				  "guest_p2m_build: kind %lu over kind %lu",
				  (uint64_t)kind, (uint64_t)g->p2m.kind);
	}
	error = guest_p2m_page_new(g, &new, INVALID_FRAME, &new.missing_leaf);
	if (error == 0) {
		error = kind == GUEST_P2M_TREE
				? tree_build(g, &new)
				: guest_p2m_linear_build(g, &new);
	}
	if (error != 0) {
		if (p2m_free(g, &new) != 0) {
			guest_note(g,
				   "%lu frames of a P2M that failed are lost",
				   new.nr_frames);
		}
		return error;
	}
	g->p2m = new;
	if (old.kind != GUEST_P2M_LIST && p2m_free(g, &old) != 0) {
		guest_note(g, "%lu frames of the old P2M are lost",
			   old.nr_frames);
	}
	return 0;
}

/* Has a frame come that the builder's list has no entry for? */
static bool outgrew_list(struct guest *g)
{
	pfn_t cursor = pfn(g->boot.nr_pages);
	struct guest_region r;

	while (guest_memblock_next_memory(&g->memblock, &cursor, &r)) {
		for (pfn_t at = r.start; at.v < r.end.v; at = pfn_add(at, 1)) {
			if (!mfn_eq(guest_p2m_get(g, at), MFN_INVALID)) {
				return true;
			}
		}
	}
	return false;
}

/* The builder's list learns what has changed since it went out of use. */
static void list_update(struct guest *g)
{
	const unsigned int word = g->config.geometry->word;
	uint64_t nr =
		g->p2m.nr < g->boot.nr_pages ? g->p2m.nr : g->boot.nr_pages;

	for (uint64_t leaf = 0; leaf * GUEST_P2M_PER_PAGE < nr; leaf++) {
		vaddr_t list = vaddr_add(g->boot.p2m_list,
					 leaf * GUEST_P2M_PER_PAGE * word);
		uint64_t left = nr - leaf * GUEST_P2M_PER_PAGE;

		left = left < GUEST_P2M_PER_PAGE ? left : GUEST_P2M_PER_PAGE;
		guest_p2m_leaf_read(g, leaf);
		guest_list_read(g, g->scratch, list, (unsigned int)left);
		for (unsigned int i = 0; i < left; i++) {
			if (g->scratch[i] != g->scratch_other[i]) {
				guest_list_store(g, vaddr_add(list, i * word),
						 g->scratch_other[i]);
			}
		}
	}
}

int guest_p2m_teardown(struct guest *g)
{
	struct guest_p2m old;
	int error = guest_batch_flush(g, NULL);

	if (error != 0) {
		return error;
	}
	old = g->p2m;

	if (old.kind != GUEST_P2M_TREE && old.kind != GUEST_P2M_LINEAR) {
		return -XEN_EINVAL;
	}
	if (g->boot.p2m_start.v == g->boot.p2m_end.v) {
		return guest_fail(
			g, XEN_EBUSY,
			"guest_p2m_teardown: the builder's P2M is gone");
	}
	if (outgrew_list(g)) {
		return guest_fail(g, XEN_EBUSY,
				  "guest_p2m_teardown: there are frames from "
				  "nr_pages on");
	}
	list_update(g);
	if (old.kind == GUEST_P2M_LINEAR) {
		/* It is needed to take itself down: go back to the list. */
		g->p2m.kind = GUEST_P2M_LIST;
		g->p2m.list = g->boot.p2m_list;
	}
	error = p2m_free(g, &old);
	g->p2m = (struct guest_p2m){
		.kind = GUEST_P2M_LIST,
		.nr = g->boot.nr_pages,
		.list = g->boot.p2m_list,
	};
	return error;
}
