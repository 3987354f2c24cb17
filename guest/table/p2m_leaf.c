/* SPDX-License-Identifier: MIT */
/*
 * The pages of the library's own P2M: frames from the allocator, reached
 * through the direct map. Every reference in a tree leads somewhere from the
 * first moment on: to the shared leaf, or to the shared mid page, if there is
 * nothing better. So a tree can be read, and given back, however far it has
 * come.
 */
#include "guest/table/table.h"

/* Of a page, written at once: what a kernel's stack has room for. */
#define FILL_WORDS 64

void guest_p2m_page_fill(struct guest *g, pfn_t frame, uint64_t value)
{
	vaddr_t va = guest_direct_va(g, frame);
	uint64_t same[FILL_WORDS];

	for (unsigned int i = 0; i < FILL_WORDS; i++) {
		same[i] = value;
	}
	for (unsigned int at = 0; at < PAGE_SIZE; at += sizeof(same)) {
		guest_port_write(g, vaddr_add(va, at), same, sizeof(same));
	}
}

/* One frame of the P2M, every entry the same. */
int guest_p2m_page_new(struct guest *g, struct guest_p2m *p, uint64_t value,
		       pfn_t *ret)
{
	int error = guest_alloc_frames(g, 1, ret);

	if (error == 0) {
		p->nr_frames++;
		guest_p2m_page_fill(g, *ret, value);
	}
	return error;
}

void guest_p2m_page_free(struct guest *g, struct guest_p2m *p, pfn_t frame)
{
	p->nr_frames--;
	guest_return_frames(g, frame, 1);
}

/* The mid page of a leaf: made if it is the shared one. */
static int tree_mid(struct guest *g, struct guest_p2m *p, uint64_t leaf,
		    pfn_t *ret)
{
	vaddr_t top = vaddr_add(guest_direct_va(g, p->top),
				leaf / GUEST_P2M_PER_PAGE * 8);
	int error;

	*ret = pfn(guest_port_load64(g, top));
	if (!pfn_eq(*ret, p->missing_mid)) {
		return 0;
	}
	error = guest_p2m_page_new(g, p, p->missing_leaf.v, ret);
	if (error == 0) {
		guest_port_store64(g, top, ret->v);
	}
	return error;
}

int guest_p2m_tree_leaf(struct guest *g, struct guest_p2m *p, uint64_t leaf,
			pfn_t *ret)
{
	pfn_t mid;
	int error = tree_mid(g, p, leaf, &mid);

	if (error == 0) {
		error = guest_p2m_page_new(g, p, INVALID_FRAME, ret);
	}
	if (error == 0) {
		guest_port_store64(g,
				   vaddr_add(guest_direct_va(g, mid),
					     leaf % GUEST_P2M_PER_PAGE * 8),
				   ret->v);
	}
	return error;
}

/* What the present P2M says of one leaf; false if it is all invalid. */
bool guest_p2m_leaf_read(struct guest *g, uint64_t leaf)
{
	uint64_t first = leaf * GUEST_P2M_PER_PAGE;
	uint64_t left = first < g->p2m.nr ? g->p2m.nr - first : 0;
	unsigned int nr = left < GUEST_P2M_PER_PAGE ? (unsigned int)left
						    : GUEST_P2M_PER_PAGE;
	bool any = false;

	guest_p2m_get_many(g, pfn(first), g->scratch_other, nr);
	for (unsigned int i = 0; i < GUEST_P2M_PER_PAGE; i++) {
		if (i >= nr) {
			g->scratch_other[i] = INVALID_FRAME;
		}
		any = any || g->scratch_other[i] != INVALID_FRAME;
	}
	return any;
}

void guest_p2m_leaf_write(struct guest *g, pfn_t frame)
{
	guest_port_write(g, guest_direct_va(g, frame), g->scratch_other,
			 GUEST_P2M_PER_PAGE * sizeof(g->scratch_other[0]));
}

/* The shared leaf is mapped where the frame's own has to be. */
static int linear_leaf(struct guest *g, pfn_t frame)
{
	struct guest_p2m *p = &g->p2m;
	vaddr_t va = guest_p2m_leaf_va(p, frame.v / GUEST_P2M_PER_PAGE);
	pfn_t leaf;
	int error = guest_p2m_page_new(g, p, INVALID_FRAME, &leaf);

	if (error != 0) {
		return error;
	}
	/* Not through the queue: a refusal of another's is no reason. */
	error = guest_batch_mapping_now(
		g, va, guest_make_pte(g, leaf, PTE_P | PTE_RW | PTE_A | PTE_D));
	if (error != 0) {
		guest_p2m_page_free(g, p, leaf);
	}
	return error;
}

int guest_p2m_reserve(struct guest *g, pfn_t frame)
{
	bool shared;
	pfn_t made;
	int error = guest_p2m_in_shared_leaf(g, frame, &shared);

	if (error != 0 || !shared) {
		return error;
	}
	if (g->p2m.kind == GUEST_P2M_LINEAR) {
		return linear_leaf(g, frame);
	}
	return guest_p2m_tree_leaf(g, &g->p2m, frame.v / GUEST_P2M_PER_PAGE,
				   &made);
}

void guest_batch_m2p(struct guest *g, pfn_t frame, mfn_t to)
{
	/* Now: a leaf takes requests, and recording must not make any. */
	int error = guest_p2m_reserve(g, frame);

	if (error == 0) {
		guest_batch_m2p_at(g, frame, to, guest_p2m_entry_va(g, frame));
	} else {
		guest_batch_m2p_unsent(g, frame, to, error);
	}
}
