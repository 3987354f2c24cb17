/* SPDX-License-Identifier: MIT */
/*
 * Entries as the caller sees them: what is queued goes out before one is read,
 * for it may be about that very entry; and one in use is set by the operations
 * of the world that we run in.
 */
#include "guest/request/request.h"

int guest_read_entry(struct guest *g, struct guest_slot slot, pte_t *ret)
{
	/* What is queued may be about this very entry. */
	guest_batch_issue(g);
	return guest_slot_load(g, slot, ret);
}

int guest_read_table(struct guest *g, unsigned int level, pfn_t table,
		     uint64_t *entries)
{
	guest_batch_issue(g);
	return guest_table_load(g, level, table, entries);
}

int guest_lookup(struct guest *g, pfn_t root, vaddr_t va,
		 struct guest_slot *ret_slot, pte_t *ret_entry)
{
	guest_batch_issue(g);
	return guest_lookup_present(g, root, va, ret_slot, ret_entry);
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

	return error == 0 ? guest_slot_store(g, slot, value) : error;
}

int guest_flush(struct guest *g)
{
	return guest_batch_flush(g, NULL);
}

int guest_flush_tlb(struct guest *g)
{
	return g->ops->flush_tlb(g);
}

int guest_flush_now(struct guest *g)
{
	int error = g->ops->flush_tlb(g);

	return error == 0 ? guest_batch_flush(g, NULL) : error;
}

int guest_clear_now(struct guest *g, struct guest_slot slot)
{
	int error = g->ops->set_entry(g, slot, pte(0));

	return error == 0 ? guest_flush_now(g) : error;
}

int guest_flush_address(struct guest *g, vaddr_t va)
{
	return g->ops->flush_address(g, va);
}
