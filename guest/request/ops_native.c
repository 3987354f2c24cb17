/* SPDX-License-Identifier: MIT */
/*
 * The world without a hypervisor: tables are ordinary memory, and an entry
 * is set by storing it. What is left of the contract is the TLB.
 */
#include "guest/request/request.h"

static int native_load_root(struct guest *g, pfn_t root)
{
	g->stats.flushes++;
	guest_port_write_cr3(g, mfn_to_maddr(mfn(root.v)));
	return 0;
}

static int native_flush_tlb(struct guest *g)
{
	return native_load_root(g, g->kernel.root);
}

static int native_flush_address(struct guest *g, vaddr_t va)
{
	g->stats.flushes++;
	guest_port_invlpg(g, va);
	return 0;
}

static int native_set_entry(struct guest *g, struct guest_slot slot,
			    pte_t value)
{
	int error = guest_slot_store(g, slot, value);

	/* The CPU reads PAE's four top entries at the load of CR3 only. */
	if (error == 0 && slot.level == 3 &&
	    g->config.geometry == &guest_geometry_pae &&
	    pfn_eq(slot.table, g->kernel.root)) {
		return native_flush_tlb(g);
	}
	return error;
}

static int native_set_mapping(struct guest *g, vaddr_t va,
			      struct guest_slot slot, pte_t value,
			      enum guest_flush flush)
{
	int error = guest_slot_store(g, slot, value);

	if (error == 0 && flush == GUEST_FLUSH) {
		error = native_flush_address(g, va);
	}
	return error;
}

/* The window's page may be part of a large one, and then shows nothing. */
static int native_set_window(struct guest *g, vaddr_t va,
			     struct guest_slot slot, pte_t value)
{
	int error = slot.level == 1 ? guest_slot_store(g, slot, value)
				    : -XEN_EINVAL;

	if (error == 0) {
		guest_port_invlpg(g, va);
	}
	return error;
}

static int native_table(struct guest *g, unsigned int level, pfn_t frame)
{
	(void)level;
	guest_window_forget(g, frame);
	return 0;
}

static int native_pin(struct guest *g, unsigned int level, pfn_t frame)
{
	(void)g;
	(void)level;
	(void)frame;
	return 0;
}

static int native_unpin(struct guest *g, pfn_t frame)
{
	(void)g;
	(void)frame;
	return 0;
}

const struct guest_ops guest_ops_native = {
	.name = "native",
	.hypervisor = false,
	.queue = false,
	.set_entry = native_set_entry,
	.set_mapping = native_set_mapping,
	.set_window = native_set_window,
	.alloc_table = native_table,
	.release_table = native_table,
	.pin = native_pin,
	.unpin = native_unpin,
	.load_root = native_load_root,
	.flush_tlb = native_flush_tlb,
	.flush_address = native_flush_address,
};
