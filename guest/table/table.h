/* SPDX-License-Identifier: MIT */
/* Tables and frames, made of requests. */
#ifndef PW_GUEST_TABLE_TABLE_H
#define PW_GUEST_TABLE_TABLE_H

#include "guest/request/request.h"

/* new_table.c: a frame for a table: from the buffer, or from the allocator. */
GUEST_MUST_CHECK int guest_new_table(struct guest *g, pfn_t *ret);
void guest_delete_table(struct guest *g, pfn_t frame);
/*
 * Tables that were made for an entry which could not be set, and those below
 * them; given: they had been through alloc_table.
 */
void guest_discard_tables(struct guest *g, unsigned int level, pfn_t table,
			  bool given);
GUEST_MUST_CHECK int guest_clear_frame(struct guest *g, pfn_t frame);

/*
 * memory.c: guest_free_frames where there is nobody to tell: a line in the log
 * if the allocator has no room for one region more.
 */
void guest_return_frames(struct guest *g, pfn_t first, uint64_t nr);

/* map.c: the L1 entry of an address, with tables made down to it. */
GUEST_MUST_CHECK int guest_map_entry(struct guest *g,
				     const struct guest_space *space,
				     vaddr_t va, struct guest_slot *ret);

/* fill.c: how frames are mapped, one beside the other. */
struct stretch {
	vaddr_t base;   /* where pfn 0 would be */
	uint64_t flags; /* of ordinary memory */
	bool direct;    /* the policy applies, large pages are wanted */
	bool windows;   /* the windows' addresses may change as well */
};

/* Frames that an entry of a level maps. */
static inline uint64_t guest_span_frames(const struct guest *g,
					 unsigned int level)
{
	return guest_geometry_span(g->config.geometry, level) >> PAGE_SHIFT;
}

/* [start, end), with tables as needed. */
GUEST_MUST_CHECK int guest_fill(struct guest *g, const struct stretch *s,
				pfn_t start, pfn_t end);
/* nr pages from a frame on at an address, any tables. */
GUEST_MUST_CHECK int guest_map_pages(struct guest *g, vaddr_t va, pfn_t first,
				     uint64_t nr, uint64_t flags);

/* prune.c: tables that are empty below an address range, level by level. */
GUEST_MUST_CHECK int guest_prune(struct guest *g, vaddr_t va, uint64_t bytes);

/* p2m_leaf.c: one frame of a P2M, every entry the same; and back. */
GUEST_MUST_CHECK int guest_p2m_page_new(struct guest *g, struct guest_p2m *p,
					uint64_t value, pfn_t *ret);
void guest_p2m_page_free(struct guest *g, struct guest_p2m *p, pfn_t frame);
void guest_p2m_page_fill(struct guest *g, pfn_t frame, uint64_t value);
/* A leaf of a tree, its mid page made if it is the shared one. */
GUEST_MUST_CHECK int guest_p2m_tree_leaf(struct guest *g, struct guest_p2m *p,
					 uint64_t leaf, pfn_t *ret);

/*
 * What the present P2M says of one leaf, into g->scratch_other; false if all of
 * it is invalid. And from there to a frame.
 */
bool guest_p2m_leaf_read(struct guest *g, uint64_t leaf);
void guest_p2m_leaf_write(struct guest *g, pfn_t frame);

static inline uint64_t guest_p2m_nr_leaves(const struct guest_p2m *p)
{
	return (p->nr + GUEST_P2M_PER_PAGE - 1) / GUEST_P2M_PER_PAGE;
}

static inline vaddr_t guest_p2m_leaf_va(const struct guest_p2m *p,
					uint64_t leaf)
{
	return vaddr_add(p->list, leaf << PAGE_SHIFT);
}

#endif
