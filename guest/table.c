/* SPDX-License-Identifier: MIT */
/*
 * Tables as a whole: where their frames come from, how one is hooked into
 * tables in use, how a single page is mapped with the tables it needs, and
 * how an address space is given to the hypervisor and taken back.
 *
 * Everything that takes several requests to the hypervisor is undone by what
 * was accepted, not by what was asked.
 */
#include "guest/internal.h"

int guest_new_table(struct guest *g, pfn_t *ret)
{
	struct directmap *d = &g->directmap;
	int error = 0;

	if (d->building) {
		if (d->now.end.v >= d->now.top.v) {
			return guest_fail(g, XEN_ENOMEM,
					  "the table buffer %lx to %lx is used "
					  "up",
					  d->now.start.v, d->now.top.v);
		}
		*ret = d->now.end;
		d->now.end = pfn_add(d->now.end, 1);
	} else {
		error = memblock_alloc(&g->memblock, pfn(0),
				       memblock_end(&g->memblock), 1, 1,
				       MEMBLOCK_HIGH, ret);
	}
	if (error != 0) {
		return guest_fail(g, -error, "no frame for a table");
	}
	g->stats.tables++;
	error = guest_clear_frame(g, *ret);
	if (error != 0 && !d->building) {
		guest_delete_table(g, *ret);
	}
	return error;
}

void guest_delete_table(struct guest *g, pfn_t frame)
{
	window_forget(g, frame);
	memblock_free(&g->memblock, frame, pfn_add(frame, 1));
}

void guest_discard_tables(struct guest *g, unsigned int level, pfn_t table,
			  bool given)
{
	struct guest_slot slot = {.level = level, .table = table};
	unsigned int nr = 0; /* tables below it */
	int error = 0;

	if (g->directmap.building) {
		return; /* The buffer's; the kernel cannot go on anyway. */
	}
	if (level > 1 && level <= GEOMETRY_MAX_LEVELS) {
		nr = g->config.geometry->level[level].nr_entries;
	}
	for (; slot.index < nr; slot.index++) {
		pte_t e = pte(0);

		if (guest_read_entry(g, slot, &e) == 0 && pte_present(e)) {
			guest_discard_tables(g, level - 1,
					     p2m_find(g, entry_mfn(g, e)),
					     true);
		}
	}
	if (given) {
		error = g->ops->release_table(g, level, table);
		error = error == 0 ? batch_flush(g, NULL) : error;
	}
	if (error == 0) {
		guest_delete_table(g, table);
	} else {
		guest_note(g, "the table pfn %lx is lost", table.v);
	}
}

int guest_alloc_table(struct guest *g, unsigned int level, pfn_t frame)
{
	return g->ops->alloc_table(g, level, frame);
}

int guest_release_table(struct guest *g, unsigned int level, pfn_t frame)
{
	return g->ops->release_table(g, level, frame);
}

/* Did the batch that went out last have such a request accepted? */
static bool was_accepted(const struct guest *g, enum batch_kind kind,
			 unsigned int command)
{
	const struct batch *b = &g->batch;

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

	__builtin_memcpy(reason, g->message, sizeof(reason));
	if (pinned) {
		g->ops->release_table(g, level, child);
	} else if (guest_make_readwrite(g, child, GUEST_FLUSH) != 0) {
		guest_note(g, "pfn %lx stays read-only", child.v);
	}
	batch_flush(g, NULL);
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
	error = batch_flush(g, NULL);
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
			guest_make_pte(g, child, table_flags(g, slot.level)));
	}
	if (error == 0) {
		error = batch_flush(g, NULL);
		pinned = pinned ||
			 (level == 1 &&
			  was_accepted(g, BATCH_EXTENDED, MMUEXT_PIN_L1_TABLE));
		/* A table of another's doing can be hooked, but not pinned. */
		set = error != 0 && was_accepted(g, BATCH_ENTRY, 0);
	}
	if (set) {
		g->ops->set_entry(g, slot, old);
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
	if (!pte_present(e) || entry_is_leaf(g, slot.level, e)) {
		return -XEN_ENOENT;
	}
	child = p2m_find(g, entry_mfn(g, e));
	if (pfn_eq(child, PFN_INVALID)) {
		return guest_fail(g, XEN_EFAULT,
				  "entry %lx is no table of ours", e.v);
	}
	error = g->ops->set_entry(g, slot, pte(0));
	if (error == 0) {
		error = g->ops->flush_tlb(g);
	}
	if (error == 0) {
		error = batch_flush(g, NULL);
	}
	if (error == 0) {
		error = g->ops->release_table(g, slot.level - 1, child);
	}
	return error == 0 ? batch_flush(g, NULL) : error;
}

/* Hook into tables in use, or store into ones that are not. */
static int grow(struct guest *g, const struct guest_space *space,
		struct guest_slot slot)
{
	pfn_t child = PFN_INVALID;
	int error = guest_new_table(g, &child);

	if (error != 0) {
		return error;
	}
	if (space->pinned) {
		error = guest_hook(g, slot, child);
	} else {
		error = slot_store(g, slot,
				   guest_make_pte(g, child,
						  table_flags(g, slot.level)));
	}
	if (error != 0) {
		guest_delete_table(g, child);
	}
	return error;
}

int guest_map_entry(struct guest *g, const struct guest_space *space,
		    vaddr_t va, struct guest_slot *ret)
{
	for (;;) {
		pte_t e;
		int error = guest_lookup(g, space->root, va, ret, &e);

		if (error == 0) {
			return guest_fail(g, XEN_EEXIST,
					  "%lx is mapped already: entry %lx",
					  va.v, e.v);
		}
		if (error != -XEN_ENOENT) {
			return error;
		}
		if (ret->level == 1) {
			return 0;
		}
		error = grow(g, space, *ret);
		if (error != 0) {
			return error;
		}
	}
}

int guest_map(struct guest *g, const struct guest_space *space, vaddr_t va,
	      pfn_t frame, uint64_t flags)
{
	struct guest_slot slot;
	pte_t e = guest_make_pte(g, frame, flags);
	int error;

	if (e.v == 0) {
		return guest_fail(g, XEN_EINVAL, "nothing is behind pfn %lx",
				  frame.v);
	}
	error = guest_map_entry(g, space, va, &slot);
	if (error != 0) {
		return error;
	}
	if (!space->pinned) {
		return slot_store(g, slot, e);
	}
	return guest_set_entry(g, slot, e);
}

int guest_unmap(struct guest *g, const struct guest_space *space, vaddr_t va)
{
	struct guest_slot slot;
	pte_t e;
	int error = guest_lookup(g, space->root, va, &slot, &e);

	if (error != 0) {
		return error;
	}
	if (!space->pinned) {
		return slot_store(g, slot, pte(0));
	}
	if (slot.level == 1 && pfn_eq(space->root, g->kernel.root)) {
		return g->ops->set_mapping(g, va, slot, pte(0), GUEST_FLUSH);
	}
	error = guest_set_entry(g, slot, pte(0));
	return error == 0 ? g->ops->flush_address(g, va) : error;
}
