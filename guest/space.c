/* SPDX-License-Identifier: MIT */
/*
 * Address spaces as a whole: all tables of one are made read-only and its
 * root is pinned, in batches, and back. The tables are walked depth first;
 * below a root of 4 levels that takes three loops, here one recursion whose
 * depth is the number of levels.
 */
#include "guest/internal.h"

/* What is done to each table, leaves of the tree first. */
struct walk {
	bool readonly;
};

static int visit(struct guest *g, const struct walk *w, pfn_t table)
{
	int error;

	if (!w->readonly) {
		error = guest_make_readwrite(g, table, GUEST_FLUSH);
	} else {
		window_forget(g, table);
		error = guest_make_readonly(g, table);
	}
	/* A frame that nothing maps needs nothing. */
	return error == -XEN_ENOENT ? 0 : error;
}

static int walk_table(struct guest *g, const struct walk *w, unsigned int level,
		      pfn_t table, unsigned int first, unsigned int end)
{
	int error = 0;

	g->stats.pages_walked++;
	for (unsigned int i = first; level > 1 && i < end; i++) {
		struct guest_slot slot = {level, table, i};
		vaddr_t va;
		pte_t e;
		pfn_t child;

		error = frame_reach(g, table, false, &va);
		if (error != 0) {
			return error;
		}
		e = entry_load(g, va, slot.index);
		if (!pte_present(e) || entry_is_leaf(g, level, e)) {
			continue;
		}
		child = p2m_find(g, entry_mfn(g, e));
		if (pfn_eq(child, PFN_INVALID)) {
			return guest_fail(g, XEN_EFAULT,
					  "entry %lx is no table of ours", e.v);
		}
		error = walk_table(
			g, w, level - 1, child, 0,
			g->config.geometry->level[level - 1].nr_entries);
		if (error != 0) {
			return error;
		}
	}
	return visit(g, w, table);
}

static int walk_space(struct guest *g, const struct guest_space *space,
		      bool readonly)
{
	struct walk w = {.readonly = readonly};

	return walk_table(g, &w, g->config.geometry->levels, space->root,
			  space->first_slot, space->end_slot);
}

int guest_pin_space(struct guest *g, struct guest_space *space)
{
	char reason[GUEST_MESSAGE_SIZE];
	int error = batch_flush(g, NULL);
	int undone;

	if (error != 0 || space->pinned) {
		return error;
	}
	error = walk_space(g, space, true);
	if (error == 0) {
		error = g->ops->pin(g, g->config.geometry->levels, space->root);
	}
	if (error == 0) {
		error = batch_flush(g, NULL);
	}
	if (error == 0) {
		space->pinned = true;
		return 0;
	}
	__builtin_memcpy(reason, g->message, sizeof(reason));
	/* Where one walk was stopped the other is: each table before it. */
	undone = walk_space(g, space, false);
	if (batch_flush(g, NULL) != 0 || (undone != 0 && undone != error)) {
		guest_note(g, "tables of root %lx stay read-only",
			   space->root.v);
	}
	__builtin_memcpy(g->message, reason, sizeof(reason));
	return error;
}

int guest_unpin_space(struct guest *g, struct guest_space *space)
{
	int error = batch_flush(g, NULL);

	if (error != 0 || !space->pinned) {
		return error;
	}
	error = g->ops->unpin(g, space->root);
	if (error == 0) {
		error = batch_flush(g, NULL);
	}
	if (error != 0) {
		return error;
	}
	space->pinned = false;
	error = walk_space(g, space, false);
	return error == 0 ? batch_flush(g, NULL) : error;
}

int guest_load_root(struct guest *g, pfn_t root)
{
	/* What the flush below reports is then about the root alone. */
	int error = batch_flush(g, NULL);

	if (error == 0) {
		error = g->ops->load_root(g, root);
	}
	if (error == 0) {
		error = batch_flush(g, NULL);
	}
	if (error == 0) {
		g->kernel.root = root;
	}
	return error;
}

int guest_load_user_root(struct guest *g, pfn_t root)
{
	int error = batch_flush(g, NULL);

	if (error != 0) {
		return error;
	}
	if (!g->ops->hypervisor) {
		return guest_fail(g, XEN_ENOSYS,
				  "there are user roots under Xen only");
	}
	batch_extended(g, MMUEXT_NEW_USER_BASEPTR,
		       pfn_eq(root, PFN_INVALID) ? 0 : p2m_get(g, root).v);
	return batch_flush(g, NULL);
}

int guest_flush_tlb(struct guest *g)
{
	return g->ops->flush_tlb(g);
}

int guest_flush_address(struct guest *g, vaddr_t va)
{
	return g->ops->flush_address(g, va);
}
