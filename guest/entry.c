/* SPDX-License-Identifier: MIT */
/*
 * Entries: reading them, finding the one that maps an address, and writing
 * them in the two ways there are: by a store, to tables that nobody guards
 * or that are not in use; and by the operations of the world we run in, to
 * tables that are.
 */
#include "guest/internal.h"

pte_t guest_make_pte(struct guest *g, pfn_t frame, uint64_t flags)
{
	mfn_t m = p2m_get(g, frame);

	if (mfn_eq(m, MFN_INVALID)) {
		return pte(0);
	}
	return pte_make(m, flags);
}

uint64_t table_flags(const struct guest *g, unsigned int level)
{
	return g->config.geometry->level[level].table_flags;
}

mfn_t entry_mfn(const struct guest *g, pte_t e)
{
	return mfn((e.v & g->config.geometry->frame_mask) >> PAGE_SHIFT);
}

bool entry_is_leaf(const struct guest *g, unsigned int level, pte_t e)
{
	return level == 1 ||
	       (level <= g->config.geometry->large_level && (e.v & PTE_PS));
}

pte_t entry_load(struct guest *g, vaddr_t table, unsigned int index)
{
	if (g->config.geometry->entry_bytes == 4) {
		return pte(port_load32(g, vaddr_add(table, index * 4)));
	}
	return pte(port_load64(g, vaddr_add(table, index * 8)));
}

static int entry_get(struct guest *g, struct guest_slot slot, pte_t *ret)
{
	vaddr_t table;
	int error = frame_reach(g, slot.table, false, &table);

	if (error == 0) {
		*ret = entry_load(g, table, slot.index);
	}
	return error;
}

int guest_read_entry(struct guest *g, struct guest_slot slot, pte_t *ret)
{
	/* What is queued may be about this very entry. */
	batch_issue(g);
	return entry_get(g, slot, ret);
}

int table_load(struct guest *g, unsigned int level, pfn_t table,
	       uint64_t *entries)
{
	const struct geometry *s = g->config.geometry;
	unsigned int nr = s->level[level].nr_entries;
	vaddr_t va;
	int error = frame_reach(g, table, false, &va);

	if (error != 0) {
		return error;
	}
	g->stats.pages_walked++;
	if (s->entry_bytes == 8) {
		port_read(g, entries, va, nr * sizeof(entries[0]));
		return 0;
	}
	for (unsigned int i = 0; i < nr; i++) {
		entries[i] = entry_load(g, va, i).v;
	}
	return 0;
}

int table_store(struct guest *g, unsigned int level, pfn_t table,
		const uint64_t *entries)
{
	const struct geometry *s = g->config.geometry;
	unsigned int nr = s->level[level].nr_entries;
	vaddr_t va;
	int error = frame_reach(g, table, true, &va);

	if (error != 0) {
		return error;
	}
	if (s->entry_bytes == 8) {
		port_write(g, va, entries, nr * sizeof(entries[0]));
		return 0;
	}
	for (unsigned int i = 0; i < nr; i++) {
		port_store32(g, vaddr_add(va, i * 4), (uint32_t)entries[i]);
	}
	return 0;
}

maddr_t slot_maddr(struct guest *g, struct guest_slot slot)
{
	return maddr(mfn_to_maddr(p2m_get(g, slot.table)).v +
		     slot.index * g->config.geometry->entry_bytes);
}

int slot_store(struct guest *g, struct guest_slot slot, pte_t value)
{
	vaddr_t table;
	int error = frame_reach(g, slot.table, true, &table);

	if (error != 0) {
		return error;
	}
	g->stats.entry_writes++;
	if (g->config.geometry->entry_bytes == 4) {
		port_store32(g, vaddr_add(table, slot.index * 4),
			     (uint32_t)value.v);
	} else {
		port_store64(g, vaddr_add(table, slot.index * 8), value.v);
	}
	return 0;
}

int lookup_present(struct guest *g, pfn_t root, vaddr_t va,
		   struct guest_slot *ret_slot, pte_t *ret_entry)
{
	const struct geometry *s = g->config.geometry;
	struct guest_slot slot = {.level = s->levels, .table = root};

	for (;;) {
		pte_t e;
		int error;

		slot.index = geometry_index(s, va, slot.level);
		error = entry_get(g, slot, &e);
		if (error != 0) {
			return error;
		}
		*ret_slot = slot;
		*ret_entry = e;
		if (!pte_present(e)) {
			return -XEN_ENOENT;
		}
		if (entry_is_leaf(g, slot.level, e)) {
			return 0;
		}
		slot.table = p2m_find(g, entry_mfn(g, e));
		if (pfn_eq(slot.table, PFN_INVALID)) {
			return guest_fail(g, XEN_EFAULT,
					  "the table of %lx at level %lu is "
					  "not ours: entry %lx",
					  va.v, (uint64_t)slot.level - 1, e.v);
		}
		slot.level--;
	}
}

int guest_lookup(struct guest *g, pfn_t root, vaddr_t va,
		 struct guest_slot *ret_slot, pte_t *ret_entry)
{
	batch_issue(g);
	return lookup_present(g, root, va, ret_slot, ret_entry);
}

int guest_set_entry(struct guest *g, struct guest_slot slot, pte_t value)
{
	return g->ops->set_entry(g, slot, value);
}

int guest_set_entry_init(struct guest *g, struct guest_slot slot, pte_t value)
{
	pte_t old;
	int error = guest_read_entry(g, slot, &old);

	if (error != 0) {
		return error;
	}
	if (pte_present(old) && !pte_writable(old)) {
		value.v &= ~PTE_RW;
	}
	return guest_set_entry(g, slot, value);
}

int guest_store_entry(struct guest *g, struct guest_slot slot, pte_t value)
{
	vaddr_t table;
	int error = guest_frame_va(g, slot.table, true, &table);

	return error == 0 ? slot_store(g, slot, value) : error;
}

int guest_flush(struct guest *g)
{
	return batch_flush(g, NULL);
}
