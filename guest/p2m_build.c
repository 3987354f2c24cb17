/* SPDX-License-Identifier: MIT */
/*
 * The library's own P2M: built from what the present one holds, in frames
 * from the allocator, reached through the direct map. The new one is complete
 * before it is used, and can be taken down at any point of its construction,
 * because every reference in it leads somewhere from the first moment: to
 * the shared leaf, or the shared mid page, if to nothing better.
 */
#include "guest/p2m_internal.h"

static void page_fill(struct guest *g, pfn_t frame, uint64_t value)
{
	vaddr_t va = guest_direct_va(g, frame);

	for (unsigned int i = 0; i < P2M_PER_PAGE; i++) {
		port_store64(g, vaddr_add(va, i * 8), value);
	}
}

/* One frame of the P2M, every entry the same. */
static int page_new(struct guest *g, struct p2m *p, uint64_t value, pfn_t *ret)
{
	int error = guest_alloc_frames(g, 1, ret);

	if (error == 0) {
		p->nr_frames++;
		page_fill(g, *ret, value);
	}
	return error;
}

static void page_free(struct guest *g, struct p2m *p, pfn_t frame)
{
	p->nr_frames--;
	guest_free_frames(g, frame, 1);
}

static uint64_t nr_leaves(const struct p2m *p)
{
	return (p->nr + P2M_PER_PAGE - 1) / P2M_PER_PAGE;
}

/* What the present P2M says of one leaf; false if it is all invalid. */
static bool leaf_read(struct guest *g, uint64_t leaf)
{
	uint64_t first = leaf * P2M_PER_PAGE;
	uint64_t left = g->p2m.nr - first;
	unsigned int nr =
		left < P2M_PER_PAGE ? (unsigned int)left : P2M_PER_PAGE;
	bool any = false;

	p2m_get_many(g, pfn(first), g->scratch_mfn, nr);
	for (unsigned int i = 0; i < P2M_PER_PAGE; i++) {
		if (i >= nr) {
			g->scratch_mfn[i] = INVALID_FRAME;
		}
		any = any || g->scratch_mfn[i] != INVALID_FRAME;
	}
	return any;
}

static void leaf_write(struct guest *g, pfn_t frame)
{
	port_write(g, guest_direct_va(g, frame), g->scratch_mfn,
		   P2M_PER_PAGE * sizeof(g->scratch_mfn[0]));
}

static int tree_top(struct guest *g, struct p2m *p)
{
	uint64_t per_top = (uint64_t)P2M_PER_PAGE * P2M_PER_PAGE;
	uint64_t entries = (p->nr + per_top - 1) / per_top;
	int error = page_new(g, p, p->missing_leaf.v, &p->missing_mid);

	if (error != 0) {
		return error;
	}
	p->nr_top = (entries + P2M_PER_PAGE - 1) / P2M_PER_PAGE;
	error = guest_alloc_frames(g, p->nr_top, &p->top);
	if (error != 0) {
		p->nr_top = 0;
		return error;
	}
	p->nr_frames += p->nr_top;
	for (uint64_t i = 0; i < p->nr_top; i++) {
		page_fill(g, pfn_add(p->top, i), p->missing_mid.v);
	}
	return 0;
}

/* The mid page of a leaf: made if it is the shared one. */
static int tree_mid(struct guest *g, struct p2m *p, uint64_t leaf, pfn_t *ret)
{
	vaddr_t top =
		vaddr_add(guest_direct_va(g, p->top), leaf / P2M_PER_PAGE * 8);
	int error;

	*ret = pfn(port_load64(g, top));
	if (!pfn_eq(*ret, p->missing_mid)) {
		return 0;
	}
	error = page_new(g, p, p->missing_leaf.v, ret);
	if (error == 0) {
		port_store64(g, top, ret->v);
	}
	return error;
}

static int tree_leaf(struct guest *g, struct p2m *p, uint64_t leaf, pfn_t *ret)
{
	pfn_t mid;
	int error = tree_mid(g, p, leaf, &mid);

	if (error == 0) {
		error = page_new(g, p, INVALID_FRAME, ret);
	}
	if (error == 0) {
		port_store64(g,
			     vaddr_add(guest_direct_va(g, mid),
				       leaf % P2M_PER_PAGE * 8),
			     ret->v);
	}
	return error;
}

static int tree_build(struct guest *g, struct p2m *p)
{
	int error = tree_top(g, p);

	for (uint64_t i = 0; error == 0 && i < nr_leaves(p); i++) {
		pfn_t leaf;

		if (!leaf_read(g, i)) {
			continue;
		}
		error = tree_leaf(g, p, i, &leaf);
		if (error == 0) {
			leaf_write(g, leaf);
		}
	}
	return error;
}

static void tree_free(struct guest *g, struct p2m *p)
{
	for (uint64_t i = 0; i < p->nr_top * P2M_PER_PAGE; i++) {
		pfn_t mid =
			pfn(port_load64(g, vaddr_add(guest_direct_va(g, p->top),
						     i * 8)));

		if (pfn_eq(mid, p->missing_mid)) {
			continue;
		}
		for (unsigned int j = 0; j < P2M_PER_PAGE; j++) {
			pfn_t leaf = pfn(port_load64(
				g, vaddr_add(guest_direct_va(g, mid), j * 8)));

			if (!pfn_eq(leaf, p->missing_leaf)) {
				page_free(g, p, leaf);
			}
		}
		page_free(g, p, mid);
	}
	if (p->nr_top > 0) {
		guest_free_frames(g, p->top, p->nr_top);
		p->nr_frames -= p->nr_top;
	}
	if (!pfn_eq(p->missing_mid, PFN_INVALID)) {
		page_free(g, p, p->missing_mid);
	}
}

static vaddr_t leaf_va(const struct p2m *p, uint64_t leaf)
{
	return vaddr_add(p->list, leaf << PAGE_SHIFT);
}

/* As many contiguous frames as there are, at most nr. */
static int frames_run(struct guest *g, uint64_t nr, pfn_t *ret,
		      uint64_t *ret_nr)
{
	int error;

	for (;; nr /= 2) {
		error = guest_alloc_frames(g, nr, ret);
		if (error != -XEN_ENOMEM || nr == 1) {
			break;
		}
	}
	*ret_nr = nr;
	return error;
}

/* Of pages that could not all be mapped: those that were. */
static void unmap_run(struct guest *g, vaddr_t va, pfn_t frame, uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++) {
		vaddr_t at = vaddr_add(va, i << PAGE_SHIFT);
		struct guest_slot slot;
		pte_t e;

		if (guest_lookup(g, g->kernel.root, at, &slot, &e) == 0 &&
		    mfn_eq(entry_mfn(g, e), p2m_get(g, pfn_add(frame, i))) &&
		    (guest_unmap(g, &g->kernel, at) != 0 ||
		     batch_flush(g, NULL) != 0)) {
			guest_note(g, "pfn %lx stays mapped", frame.v + i);
		}
	}
}

/* Leaves [first, end), which are all needed. */
static int linear_run(struct guest *g, struct p2m *p, uint64_t first,
		      uint64_t end)
{
	while (first < end) {
		pfn_t frame;
		uint64_t nr;
		int error = frames_run(g, end - first, &frame, &nr);

		if (error != 0) {
			return error;
		}
		for (uint64_t i = 0; i < nr; i++) {
			leaf_read(g, first + i);
			leaf_write(g, pfn_add(frame, i));
		}
		error = guest_map_pages(g, leaf_va(p, first), frame, nr,
					PTE_P | PTE_RW | PTE_A | PTE_D);
		if (error != 0) {
			unmap_run(g, leaf_va(p, first), frame, nr);
			guest_free_frames(g, frame, nr);
			return error;
		}
		p->nr_frames += nr;
		p->nr_mapped += nr;
		first += nr;
	}
	return 0;
}

static int linear_build(struct guest *g, struct p2m *p)
{
	uint64_t i = 0;
	int error = 0;

	while (error == 0 && i < nr_leaves(p)) {
		uint64_t end = i;

		while (end < nr_leaves(p) && leaf_read(g, end)) {
			end++;
		}
		if (end > i) {
			error = linear_run(g, p, i, end);
			i = end;
			continue;
		}
		error = guest_map_pages(g, leaf_va(p, i), p->missing_leaf, 1,
					PTE_P | PTE_A);
		p->nr_mapped += error == 0;
		i++;
	}
	return error;
}

/* What is mapped beyond nr_mapped is somebody else's. */
static int linear_free(struct guest *g, struct p2m *p)
{
	int error;

	for (uint64_t i = 0; i < p->nr_mapped; i++) {
		vaddr_t va = leaf_va(p, i);
		struct guest_slot slot;
		pte_t e;
		pfn_t frame;

		error = guest_lookup(g, g->kernel.root, va, &slot, &e);
		if (error == -XEN_ENOENT) {
			continue;
		}
		frame = error == 0 ? p2m_find(g, entry_mfn(g, e)) : PFN_INVALID;
		error = error == 0 ? guest_unmap(g, &g->kernel, va) : error;
		error = error == 0 ? batch_flush(g, NULL) : error;
		if (error != 0) {
			return error;
		}
		if (!pfn_eq(frame, p->missing_leaf)) {
			page_free(g, p, frame);
		}
	}
	error = guest_prune(g, p->list, nr_leaves(p) << PAGE_SHIFT);
	/* Among tables of another's, none was made. */
	return error == -XEN_EFAULT && p->nr_mapped == 0 ? 0 : error;
}

static int p2m_free(struct guest *g, struct p2m *p)
{
	int error = 0;

	if (p->kind == P2M_TREE) {
		tree_free(g, p);
	} else {
		error = linear_free(g, p);
	}
	if (error == 0 && !pfn_eq(p->missing_leaf, PFN_INVALID)) {
		page_free(g, p, p->missing_leaf);
	}
	return error;
}

/* All frames, or those below the limit on the memory that is used. */
static uint64_t nr_covered(const struct guest *g)
{
	uint64_t limit = g->config.memory_limit.v;

	return limit != 0 && limit < g->p2m.nr ? limit : g->p2m.nr;
}

int p2m_build(struct guest *g, enum p2m_kind kind, vaddr_t linear)
{
	struct p2m new = {
		.kind = kind,
		.nr = nr_covered(g),
		.list = linear,
		.missing_leaf = PFN_INVALID,
		.missing_mid = PFN_INVALID,
	};
	struct p2m old = g->p2m;
	int error;

	if (g->p2m.kind == P2M_IDENTITY) {
		return 0;
	}
	/* What is queued may be about the present one. */
	error = batch_flush(g, NULL);
	if (error != 0) {
		return error;
	}
	if ((kind != P2M_TREE && kind != P2M_LINEAR) ||
	    page_offset(linear.v) != 0) {
		return guest_fail(g, XEN_EINVAL,
				  "p2m_build: kind %lu over kind %lu",
				  (uint64_t)kind, (uint64_t)g->p2m.kind);
	}
	error = page_new(g, &new, INVALID_FRAME, &new.missing_leaf);
	if (error == 0) {
		error = kind == P2M_TREE ? tree_build(g, &new)
					 : linear_build(g, &new);
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
	if (old.kind != P2M_LIST && p2m_free(g, &old) != 0) {
		guest_note(g, "%lu frames of the old P2M are lost",
			   old.nr_frames);
	}
	return 0;
}

/* The builder's list learns what has changed since it went out of use. */
static void list_update(struct guest *g)
{
	for (uint64_t leaf = 0; leaf < nr_leaves(&g->p2m); leaf++) {
		vaddr_t list = vaddr_add(g->boot.p2m_list, leaf << PAGE_SHIFT);
		uint64_t left = g->p2m.nr - leaf * P2M_PER_PAGE;

		left = left < P2M_PER_PAGE ? left : P2M_PER_PAGE;
		leaf_read(g, leaf);
		port_read(g, g->scratch, list, left * sizeof(g->scratch[0]));
		for (unsigned int i = 0; i < left; i++) {
			if (g->scratch[i] != g->scratch_mfn[i]) {
				port_store64(g, vaddr_add(list, i * 8),
					     g->scratch_mfn[i]);
			}
		}
	}
}

int p2m_teardown(struct guest *g)
{
	struct p2m old;
	int error = batch_flush(g, NULL);

	if (error != 0) {
		return error;
	}
	old = g->p2m;

	if (old.kind != P2M_TREE && old.kind != P2M_LINEAR) {
		return -XEN_EINVAL;
	}
	if (g->boot.p2m_start.v == g->boot.p2m_end.v) {
		return guest_fail(g, XEN_EBUSY,
				  "p2m_teardown: the builder's P2M is gone");
	}
	list_update(g);
	if (old.kind == P2M_LINEAR) {
		/* It is needed to take itself down: go back to the list. */
		g->p2m.kind = P2M_LIST;
		g->p2m.list = g->boot.p2m_list;
	}
	error = p2m_free(g, &old);
	g->p2m = (struct p2m){
		.kind = P2M_LIST,
		.nr = g->boot.nr_pages,
		.list = g->boot.p2m_list,
	};
	return error;
}

static int linear_own_leaf(struct guest *g, pfn_t frame)
{
	struct p2m *p = &g->p2m;
	vaddr_t va = leaf_va(p, frame.v / P2M_PER_PAGE);
	struct guest_slot slot;
	pte_t e;
	pfn_t leaf;
	int error = lookup_present(g, g->kernel.root, va, &slot, &e);

	if (error != 0 ||
	    !mfn_eq(entry_mfn(g, e), p2m_get(g, p->missing_leaf))) {
		return error;
	}
	error = page_new(g, p, INVALID_FRAME, &leaf);
	if (error != 0) {
		return error;
	}
	/* Not through the queue: a refusal of another's is no reason. */
	error = batch_mapping_now(
		g, va, guest_make_pte(g, leaf, PTE_P | PTE_RW | PTE_A | PTE_D));
	if (error != 0) {
		page_free(g, p, leaf);
	}
	return error;
}

int p2m_own_leaf(struct guest *g, pfn_t frame)
{
	uint64_t leaf = frame.v / P2M_PER_PAGE;
	vaddr_t mid;
	pfn_t made;

	if (frame.v >= g->p2m.nr || g->p2m.kind == P2M_IDENTITY) {
		return -XEN_EINVAL;
	}
	/* What holds a frame is not the shared leaf. */
	if (!mfn_eq(p2m_get(g, frame), MFN_INVALID)) {
		return 0;
	}
	switch (g->p2m.kind) {
	case P2M_LINEAR:
		return linear_own_leaf(g, frame);
	case P2M_TREE:
		p2m_tree_entry(g, frame, &mid);
		if (port_load64(g, mid) != g->p2m.missing_leaf.v) {
			return 0;
		}
		return tree_leaf(g, &g->p2m, leaf, &made);
	case P2M_IDENTITY:
	case P2M_LIST:
		break;
	}
	return 0;
}
