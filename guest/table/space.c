/* SPDX-License-Identifier: MIT */
/*
 * Address spaces as a whole: all tables of one are made read-only, leaves of
 * the tree first, and its root is pinned, in batches; and back. One recursion,
 * as deep as there are levels, serves every shape of table.
 */
#include "guest/table/table.h"

/* What is done to each table. */
static int visit(struct guest *g, pfn_t table, bool readonly)
{
	int error;

	if (!readonly) {
		error = guest_make_readwrite(g, table, GUEST_FLUSH);
	} else {
		guest_window_forget(g, table);
		error = guest_make_readonly(g, table);
	}
	/* A frame that nothing maps needs nothing. */
	return error == -XEN_ENOENT ? 0 : error;
}

static int walk_table(struct guest *g, bool readonly, unsigned int level,
		      pfn_t table, unsigned int first, unsigned int end)
{
	int error = 0;

	g->stats.pages_walked++;
	for (unsigned int i = first; level > 1 && i < end; i++) {
		struct guest_slot slot = {level, table, i};
		vaddr_t va;
		pte_t e;
		pfn_t child;

		error = guest_frame_reach(g, table, false, &va);
		if (error != 0) {
			return error;
		}
		e = guest_entry_load(g, va, slot.index);
		if (!pte_present(e) || guest_entry_is_leaf(g, level, e)) {
			continue;
		}
		error = guest_entry_table(g, e, &child);
		if (error == 0) {
			error = walk_table(g, readonly, level - 1, child, 0,
					   g->config.geometry->level[level - 1]
						   .nr_entries);
		}
		if (error != 0) {
			return error;
		}
	}
	return visit(g, table, readonly);
}

/*
 * A 32-bit root's last L2 has the hypervisor's slots, so that each root has one
 * of its own; what is below that is the kernel's, wherever the space ends.
 */
static int visit_last(struct guest *g, const struct guest_space *space,
		      bool readonly)
{
	const struct guest_geometry *s = g->config.geometry;
	struct guest_slot slot = {
		.level = s->levels,
		.table = space->root,
		.index = s->level[s->levels].nr_entries - 1,
	};
	pfn_t child;
	pte_t e;
	int error;

	if (!g->ops->hypervisor || s->xen_level == s->levels ||
	    slot.index < space->end_slot) {
		return 0;
	}
	error = guest_slot_load(g, slot, &e);
	if (error == 0) {
		error = guest_entry_table(g, e, &child);
	}
	return error == 0 ? visit(g, child, readonly) : error;
}

static int walk_space(struct guest *g, const struct guest_space *space,
		      bool readonly)
{
	int error = visit_last(g, space, readonly);

	return error == 0 ? walk_table(g, readonly, g->config.geometry->levels,
				       space->root, space->first_slot,
				       space->end_slot)
			  : error;
}

int guest_pin_space(struct guest *g, struct guest_space *space)
{
	char reason[GUEST_MESSAGE_SIZE];
	int error = guest_batch_flush(g, NULL);
	int undone;

	if (error != 0 || space->pinned) {
		return error;
	}
	error = walk_space(g, space, true);
	if (error == 0) {
		error = g->ops->pin(g, g->config.geometry->levels, space->root);
	}
	if (error == 0) {
		error = guest_batch_flush(g, NULL);
	}
	if (error == 0) {
		space->pinned = true;
		return 0;
	}
	__builtin_memcpy(reason, g->message, sizeof(reason));
	/* Where one walk was stopped the other is: each table before it. */
	undone = walk_space(g, space, false);
	if (guest_batch_flush(g, NULL) != 0 ||
	    (undone != 0 && undone != error)) {
		guest_note(g, "tables of root %lx stay read-only",
			   space->root.v);
	}
	__builtin_memcpy(g->message, reason, sizeof(reason));
	return error;
}

int guest_unpin_space(struct guest *g, struct guest_space *space)
{
	int error = guest_batch_flush(g, NULL);

	if (error != 0 || !space->pinned) {
		return error;
	}
	error = g->ops->unpin(g, space->root);
	if (error == 0) {
		error = guest_batch_flush(g, NULL);
	}
	if (error != 0) {
		return error;
	}
	space->pinned = false;
	error = walk_space(g, space, false);
	return error == 0 ? guest_batch_flush(g, NULL) : error;
}

int guest_load_root(struct guest *g, pfn_t root)
{
	/* What the flush below reports is then about the root alone. */
	int error = guest_batch_flush(g, NULL);

	if (error == 0) {
		error = g->ops->load_root(g, root);
	}
	if (error == 0) {
		error = guest_batch_flush(g, NULL);
	}
	if (error == 0) {
		g->kernel.root = root;
	}
	return error;
}

int guest_load_user_root(struct guest *g, pfn_t root)
{
	int error = guest_batch_flush(g, NULL);

	if (error != 0) {
		return error;
	}
	if (!g->ops->hypervisor) {
		return guest_fail(g, XEN_ENOSYS,
				  "there are user roots under Xen only");
	}
	guest_batch_extended(g, MMUEXT_NEW_USER_BASEPTR,
			     pfn_eq(root, PFN_INVALID)
				     ? 0
				     : guest_p2m_get(g, root).v);
	return guest_batch_flush(g, NULL);
}
