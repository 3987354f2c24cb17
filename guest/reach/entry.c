/* SPDX-License-Identifier: MIT */
/*
 * Entries as memory: reading them, finding the one that maps an address, and
 * storing them in tables that nobody guards or that are not in use. What is
 * queued for the hypervisor is not seen here (request/edit.c).
 */
#include "guest/reach/reach.h"

pte_t guest_make_pte(struct guest *g, pfn_t frame, uint64_t flags)
{
	mfn_t m = guest_p2m_get(g, frame);

	if (mfn_eq(m, MFN_INVALID)) {
		return pte(0);
	}
	return pte_make(m, flags);
}

int guest_entry_table(struct guest *g, pte_t e, pfn_t *ret)
{
	*ret = guest_p2m_find(g, guest_entry_mfn(g, e));
	if (pfn_eq(*ret, PFN_INVALID)) {
		return guest_fail(g, XEN_EFAULT,
				  "entry %lx is no table of ours", e.v);
	}
	return 0;
}

pte_t guest_entry_load(struct guest *g, vaddr_t table, unsigned int index)
{
	if (g->config.geometry->entry_bytes == 4) {
		return pte(guest_port_load32(g, vaddr_add(table, index * 4)));
	}
	return pte(guest_port_load64(g, vaddr_add(table, index * 8)));
}

int guest_slot_load(struct guest *g, struct guest_slot slot, pte_t *ret)
{
	vaddr_t table;
	int error = guest_frame_reach(g, slot.table, false, &table);

	if (error == 0) {
		*ret = guest_entry_load(g, table, slot.index);
	}
	return error;
}

int guest_table_load(struct guest *g, unsigned int level, pfn_t table,
		     uint64_t *entries)
{
	const struct guest_geometry *s = g->config.geometry;
	unsigned int nr = s->level[level].nr_entries;
	vaddr_t va;
	int error = guest_frame_reach(g, table, false, &va);

	if (error != 0) {
		return error;
	}
	g->stats.pages_walked++;
	if (s->entry_bytes == 8) {
		guest_port_read(g, entries, va, nr * sizeof(entries[0]));
		return 0;
	}
	for (unsigned int i = 0; i < nr; i++) {
		entries[i] = guest_entry_load(g, va, i).v;
	}
	return 0;
}

int guest_table_store(struct guest *g, unsigned int level, pfn_t table,
		      const uint64_t *entries)
{
	const struct guest_geometry *s = g->config.geometry;
	unsigned int nr = s->level[level].nr_entries;
	vaddr_t va;
	int error = guest_frame_reach(g, table, true, &va);

	if (error != 0) {
		return error;
	}
	if (s->entry_bytes == 8) {
		guest_port_write(g, va, entries, nr * sizeof(entries[0]));
		return 0;
	}
	for (unsigned int i = 0; i < nr; i++) {
		guest_port_store32(g, vaddr_add(va, i * 4),
				   (uint32_t)entries[i]);
	}
	return 0;
}

maddr_t guest_slot_maddr(struct guest *g, struct guest_slot slot)
{
	return maddr(mfn_to_maddr(guest_p2m_get(g, slot.table)).v +
		     slot.index * g->config.geometry->entry_bytes);
}

int guest_slot_store(struct guest *g, struct guest_slot slot, pte_t value)
{
	vaddr_t table;
	int error = guest_frame_reach(g, slot.table, true, &table);

	if (error != 0) {
		return error;
	}
	g->stats.entry_writes++;
	if (g->config.geometry->entry_bytes == 4) {
		guest_port_store32(g, vaddr_add(table, slot.index * 4),
				   (uint32_t)value.v);
	} else {
		guest_port_store64(g, vaddr_add(table, slot.index * 8),
				   value.v);
	}
	return 0;
}

int guest_check_leaf(struct guest *g, unsigned int level, vaddr_t va, pte_t e)
{
	if (level == 1 || !g->ops->hypervisor) {
		return 0;
	}
	return guest_fail(g, XEN_EFAULT,
			  "%lx is mapped at level %lu by the hypervisor: entry "
			  "%lx",
			  va.v, (uint64_t)level, e.v);
}

int guest_lookup_present(struct guest *g, pfn_t root, vaddr_t va,
			 struct guest_slot *ret_slot, pte_t *ret_entry)
{
	const struct guest_geometry *s = g->config.geometry;
	struct guest_slot slot = {.level = s->levels, .table = root};

	for (;;) {
		pte_t e;
		int error;

		slot.index = guest_geometry_index(s, va, slot.level);
		error = guest_slot_load(g, slot, &e);
		if (error != 0) {
			return error;
		}
		*ret_slot = slot;
		*ret_entry = e;
		if (!pte_present(e)) {
			return -XEN_ENOENT;
		}
		if (guest_entry_is_leaf(g, slot.level, e)) {
			return guest_check_leaf(g, slot.level, va, e);
		}
		slot.table = guest_p2m_find(g, guest_entry_mfn(g, e));
		if (pfn_eq(slot.table, PFN_INVALID)) {
			return guest_fail(g, XEN_EFAULT,
					  "the table of %lx at level %lu is "
					  "not ours: entry %lx",
					  va.v, (uint64_t)slot.level - 1, e.v);
		}
		slot.level--;
	}
}
