/* SPDX-License-Identifier: MIT */
/*
 * A table is hooked into tables in use, and taken out. That takes several
 * requests to the hypervisor; on error what was accepted is undone, not what
 * was asked for.
 */
#include "guest/table/table.h"

int guest_alloc_table(struct guest *g, unsigned int level, pfn_t frame)
{
	return g->ops->alloc_table(g, level, frame);
}

int guest_release_table(struct guest *g, unsigned int level, pfn_t frame)
{
	return g->ops->release_table(g, level, frame);
}

/* Did the batch that went out last have such a request accepted? */
static bool was_accepted(const struct guest *g, enum guest_batch_kind kind,
			 unsigned int command)
{
	const struct guest_batch *b = &g->batch;

	for (unsigned int i = 0; b->issued && i < b->nr_requests; i++) {
		if (b->request[i].kind == kind &&
		    b->request[i].command == command &&
		    b->request[i].result == 0) {
			return true;
		}
	}
	return false;
}

/* The reason of the failure stays in the message. */
static void unhook(struct guest *g, unsigned int level, pfn_t child,
		   bool pinned)
{
	char reason[GUEST_MESSAGE_SIZE];
	int undone;

	__builtin_memcpy(reason, g->message, sizeof(reason));
	undone = pinned ? g->ops->release_table(g, level, child)
			: guest_make_readwrite(g, child, GUEST_FLUSH);
	if (guest_batch_flush(g, NULL) != 0 ||
	    (undone != 0 && undone != -XEN_ENOENT)) {
		guest_note(g, "pfn %lx stays a table or read-only", child.v);
	}
	__builtin_memcpy(g->message, reason, sizeof(reason));
}

int guest_hook(struct guest *g, struct guest_slot slot, pfn_t child)
{
	unsigned int level = slot.level - 1;
	bool pinned = false;
	bool set = false;
	pte_t old = pte(0);
	int error;

	/* Results are of the last batch only: make it ours. */
	error = guest_batch_flush(g, NULL);
	if (error == 0 && g->ops->queue) {
		error = guest_read_entry(g, slot, &old);
	}
	if (error != 0) {
		return error;
	}
	error = g->ops->alloc_table(g, level, child);
	pinned = error == 0 && level == 1 && !g->ops->queue;
	if (error == 0) {
		error = g->ops->set_entry(
			g, slot,
			guest_make_pte(g, child,
				       guest_table_flags(g, slot.level)));
	}
	if (error == 0) {
		error = guest_batch_flush(g, NULL);
		pinned = pinned ||
			 (level == 1 && was_accepted(g, GUEST_BATCH_EXTENDED,
						     MMUEXT_PIN_L1_TABLE));
		/* A table of another's doing can be hooked, but not pinned. */
		set = error != 0 && was_accepted(g, GUEST_BATCH_ENTRY, 0);
	}
	if (set && g->ops->set_entry(g, slot, old) != 0) {
		guest_note(g, "entry %lu of table %lx stays",
			   (uint64_t)slot.index, slot.table.v);
	}
	if (error != 0) {
		unhook(g, level, child, pinned);
	}
	return error;
}

int guest_unhook(struct guest *g, struct guest_slot slot)
{
	pte_t e;
	pfn_t child;
	int error = guest_read_entry(g, slot, &e);

	if (error != 0) {
		return error;
	}
	if (!pte_present(e) || guest_entry_is_leaf(g, slot.level, e)) {
		return -XEN_ENOENT;
	}
	error = guest_entry_table(g, e, &child);
	if (error == 0) {
		error = guest_clear_now(g, slot);
	}
	if (error == 0) {
		error = g->ops->release_table(g, slot.level - 1, child);
	}
	return error == 0 ? guest_batch_flush(g, NULL) : error;
}
