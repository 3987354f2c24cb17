/* SPDX-License-Identifier: MIT */
/*
 * The world with a hypervisor. At boot every request goes out at once, so
 * that what fails is the line that failed; at run time requests wait for
 * guest_flush, and one trap carries many.
 *
 * A table is given to the hypervisor in the order that the contract asks
 * for: no window shows it, every mapping is read-only, then it is pinned.
 */
#include "guest/request/request.h"

static int sent(struct guest *g)
{
	return g->ops->queue ? 0 : guest_batch_flush(g, NULL);
}

static int xen_set_entry(struct guest *g, struct guest_slot slot, pte_t value)
{
	guest_batch_entry(g, guest_slot_maddr(g, slot), value);
	return sent(g);
}

static int xen_set_mapping(struct guest *g, vaddr_t va, struct guest_slot slot,
			   pte_t value, enum guest_flush flush)
{
	(void)slot;
	if (flush == GUEST_FLUSH) {
		g->stats.flushes++;
	}
	guest_batch_mapping(g, va, value,
			    flush == GUEST_FLUSH ? UVMF_INVLPG | UVMF_ALL : 0);
	return sent(g);
}

static int xen_set_window(struct guest *g, vaddr_t va, struct guest_slot slot,
			  pte_t value)
{
	(void)slot;
	return guest_batch_mapping_now(g, va, value);
}

static int xen_pin(struct guest *g, unsigned int level, pfn_t frame)
{
	guest_batch_extended(g, MMUEXT_PIN_L1_TABLE + level - 1,
			     guest_p2m_get(g, frame).v);
	return sent(g);
}

static int xen_unpin(struct guest *g, pfn_t frame)
{
	guest_batch_extended(g, MMUEXT_UNPIN_TABLE, guest_p2m_get(g, frame).v);
	return sent(g);
}

static int xen_alloc_table(struct guest *g, unsigned int level, pfn_t frame)
{
	const struct guest_policy *policy = g->config.policy;
	int error;

	if (!policy->strays) {
		guest_window_forget(g, frame);
	}
	error = guest_make_readonly(g, frame);
	if (error == -XEN_ENOENT) {
		/* Nothing maps it that we can reach. */
		if (policy->unreachable != NULL) {
			policy->unreachable(g, frame);
		}
		error = 0;
	}
	if (error == 0 && policy->hooking != NULL) {
		error = policy->hooking(g, level, frame);
		guest_window_forget(g, frame);
	}
	if (error == 0 && level == 1) {
		error = xen_pin(g, level, frame);
	}
	return error;
}

static int xen_release_table(struct guest *g, unsigned int level, pfn_t frame)
{
	int error = level == 1 ? xen_unpin(g, frame) : 0;

	if (error == 0) {
		error = guest_make_readwrite(g, frame, GUEST_FLUSH);
	}
	return error == -XEN_ENOENT ? 0 : error;
}

static int xen_load_root(struct guest *g, pfn_t root)
{
	guest_batch_extended(g, MMUEXT_NEW_BASEPTR, guest_p2m_get(g, root).v);
	return sent(g);
}

static int xen_flush_tlb(struct guest *g)
{
	guest_batch_extended(g, MMUEXT_TLB_FLUSH_ALL, 0);
	return sent(g);
}

static int xen_flush_address(struct guest *g, vaddr_t va)
{
	guest_batch_extended(g, MMUEXT_INVLPG_ALL, va.v);
	return sent(g);
}

/* All but the name and whether requests wait. */
#define XEN_OPS                                                             \
	.hypervisor = true, .set_entry = xen_set_entry,                     \
	.set_mapping = xen_set_mapping, .set_window = xen_set_window,       \
	.alloc_table = xen_alloc_table, .release_table = xen_release_table, \
	.pin = xen_pin, .unpin = xen_unpin, .load_root = xen_load_root,     \
	.flush_tlb = xen_flush_tlb, .flush_address = xen_flush_address

const struct guest_ops guest_ops_xen_boot = {
	.name = "xen, boot",
	.queue = false,
	XEN_OPS,
};

const struct guest_ops guest_ops_xen = {
	.name = "xen, run time",
	.queue = true,
	XEN_OPS,
};
