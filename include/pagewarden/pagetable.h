/* SPDX-License-Identifier: MIT */
/*
 * Page tables, seen by their owner. A table is named by its own frame (pfn);
 * the library finds an address to reach it: the initial mapping, the direct
 * map, or for frames that neither maps a small window.
 *
 * Under a hypervisor, a table that is in use (pinned, or reachable from a
 * pinned one) is mapped read-only everywhere, and its entries are set by
 * request; one that is not in use is ordinary memory. Without, every entry
 * is set by a store.
 */
#ifndef PAGEWARDEN_PAGETABLE_H
#define PAGEWARDEN_PAGETABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/addr.h"
#include "abi/pte.h"
#include "pagewarden/declare.h"

#ifdef __cplusplus
extern "C" {
#endif

struct guest;

/* One entry of one table. */
struct guest_slot {
	unsigned int level; /* of the table */
	pfn_t table;
	unsigned int index;
};

enum guest_flush {
	GUEST_NO_FLUSH, /* the TLB may keep the old entry */
	GUEST_FLUSH,    /* this address, together with the update */
};

/*
 * Reads an entry, after what is queued has gone out. Returns 0; -XEN_EINVAL
 * for a table beyond the guest's frames, or what the hypervisor answers to the
 * window that shows it.
 */
GUEST_MUST_CHECK int guest_read_entry(struct guest *g, struct guest_slot slot,
				      pte_t *ret);
/*
 * Reads all entries of a table at once, as many as its level has; counted as a
 * page walked. Returns 0; -XEN_EINVAL or the hypervisor's answer as
 * guest_read_entry does.
 */
GUEST_MUST_CHECK int guest_read_table(struct guest *g, unsigned int level,
				      pfn_t table, uint64_t *entries);

/*
 * The entry that maps an address: walks down from a root and stops at a leaf
 * (a large page, or level 1) or at an entry that is not present. Returns 0
 * with a present leaf; -XEN_ENOENT with the slot and value where there is
 * none; -XEN_EFAULT for a table that is no frame of this guest.
 */
GUEST_MUST_CHECK int guest_lookup(struct guest *g, pfn_t root, vaddr_t va,
				  struct guest_slot *ret_slot,
				  pte_t *ret_entry);

/* An entry for an own frame; 0, not present, if nothing is behind it. */
pte_t guest_make_pte(struct guest *g, pfn_t frame, uint64_t flags);

/*
 * Sets an entry of a table that is in use. Returns 0 or what the hypervisor
 * answers, -XEN_EINVAL mostly; in run-time ops it only queues, and guest_flush
 * has the answer. Without a hypervisor errors as guest_store_entry.
 */
GUEST_MUST_CHECK int guest_set_entry(struct guest *g, struct guest_slot slot,
				     pte_t value);
/*
 * The init-time form (`filter`): drops RW from an entry that replaces a present
 * one without it. Errors as guest_read_entry and guest_set_entry (-XEN_E...).
 */
GUEST_MUST_CHECK int guest_set_entry_init(struct guest *g,
					  struct guest_slot slot, pte_t value);
/*
 * Sets an entry of a table that is not in use, by a store. Returns 0;
 * -XEN_EINVAL for a frame that is not there or that is in use as a table.
 */
GUEST_MUST_CHECK int guest_store_entry(struct guest *g, struct guest_slot slot,
				       pte_t value);
/* Issues what is queued: 0 or the first -XEN_E..., as guest_batch_flush. */
GUEST_MUST_CHECK int guest_flush(struct guest *g);

/*
 * Every mapping of a frame that the library made or found (initial mapping,
 * direct map) becomes read-only. Returns 0, -XEN_ENOENT if none maps it,
 * -XEN_EFAULT for tables that are not the guest's, or the hypervisor's answer.
 */
GUEST_MUST_CHECK int guest_make_readonly(struct guest *g, pfn_t frame);
/* Writable; errors as there (-XEN_E...). Without GUEST_FLUSH a TLB may keep RO.
 */
GUEST_MUST_CHECK int guest_make_readwrite(struct guest *g, pfn_t frame,
					  enum guest_flush flush);
/*
 * Sets and clears flags (PTE_RW, PTE_NX, ...) of the leaf of an address. Errors
 * as guest_lookup and guest_set_entry (-XEN_E...).
 */
GUEST_MUST_CHECK int guest_protect(struct guest *g, pfn_t root, vaddr_t va,
				   uint64_t set, uint64_t clear,
				   enum guest_flush flush);

/*
 * A frame becomes a table, of a level from 1 on, for tables in use: read-only,
 * and pinned if it is of level 1. Returns 0 or the hypervisor's -XEN_E...; in
 * run-time ops guest_flush has it.
 */
GUEST_MUST_CHECK int guest_alloc_table(struct guest *g, unsigned int level,
				       pfn_t frame);
/* And back: unpinned if of level 1, and writable. Errors as there. */
GUEST_MUST_CHECK int guest_release_table(struct guest *g, unsigned int level,
					 pfn_t frame);
/*
 * guest_alloc_table for the child, then the entry; both are done when it
 * returns 0. On error, the hypervisor's -XEN_E..., what had been accepted is
 * undone.
 */
GUEST_MUST_CHECK int guest_hook(struct guest *g, struct guest_slot slot,
				pfn_t child);
/*
 * Clears the entry and releases the child; the child's own children must be
 * gone. Returns 0, -XEN_ENOENT if the entry has no table, -XEN_EFAULT if that
 * is not the guest's, or the hypervisor's answer.
 */
GUEST_MUST_CHECK int guest_unhook(struct guest *g, struct guest_slot slot);

/*
 * An address space: a root, and the range of the root's slots whose tables
 * are its own; what the other slots refer to is shared and already in use.
 */
struct guest_space {
	pfn_t root;
	unsigned int first_slot;
	unsigned int end_slot;
	bool pinned; /* as the hypervisor knows it */
};

/*
 * Maps one own frame at an address, with tables from the allocator where there
 * are none. Returns 0; -XEN_EEXIST if something is mapped there, -XEN_ENOMEM
 * if there is no frame for a table, -XEN_EINVAL if nothing is behind the frame
 * or the hypervisor refuses.
 */
GUEST_MUST_CHECK int guest_map(struct guest *g, const struct guest_space *space,
			       vaddr_t va, pfn_t frame, uint64_t flags);
/*
 * Unmaps it and flushes the address; tables stay. Returns 0, -XEN_ENOENT if
 * nothing is mapped, or the hypervisor's answer.
 */
GUEST_MUST_CHECK int guest_unmap(struct guest *g,
				 const struct guest_space *space, vaddr_t va);

/*
 * Every table of its own read-only, then the root pinned, in batches. Returns 0
 * or the hypervisor's -XEN_E...; on error the tables are as they were before.
 */
GUEST_MUST_CHECK int guest_pin_space(struct guest *g,
				     struct guest_space *space);
/*
 * The reverse. On error (the hypervisor's -XEN_E...) the space is pinned as
 * before, or, as ->pinned then says, unpinned with tables that are read-only.
 */
GUEST_MUST_CHECK int guest_unpin_space(struct guest *g,
				       struct guest_space *space);

/* Loads a root into CR3, which pins nothing: 0 or the hypervisor's -XEN_E... */
GUEST_MUST_CHECK int guest_load_root(struct guest *g, pfn_t root);
/*
 * The user root of a PV guest; PFN_INVALID: none. Returns 0, the hypervisor's
 * -XEN_E..., or -XEN_ENOSYS without one.
 */
GUEST_MUST_CHECK int guest_load_user_root(struct guest *g, pfn_t root);

/* All of every TLB. 0 or -XEN_E...; in run-time ops guest_flush has it. */
GUEST_MUST_CHECK int guest_flush_tlb(struct guest *g);
/* One address, in every TLB. Answers as guest_flush_tlb (0 or -XEN_E...). */
GUEST_MUST_CHECK int guest_flush_address(struct guest *g, vaddr_t va);

/*
 * The operations that differ between the worlds, and between boot and run
 * time: switched once, by guest_run_time. Const tables.
 */
struct guest_ops {
	const char *name;
	bool hypervisor;
	bool queue; /* requests wait for guest_flush */
	GUEST_MUST_CHECK int (*set_entry)(struct guest *g,
					  struct guest_slot slot, pte_t value);
	GUEST_MUST_CHECK int (*set_mapping)(struct guest *g, vaddr_t va,
					    struct guest_slot slot, pte_t value,
					    enum guest_flush flush);
	/* At once, and flushed; without a hypervisor by the slot. */
	GUEST_MUST_CHECK int (*set_window)(struct guest *g, vaddr_t va,
					   struct guest_slot slot, pte_t value);
	GUEST_MUST_CHECK int (*alloc_table)(struct guest *g, unsigned int level,
					    pfn_t frame);
	GUEST_MUST_CHECK int (*release_table)(struct guest *g,
					      unsigned int level, pfn_t frame);
	GUEST_MUST_CHECK int (*pin)(struct guest *g, unsigned int level,
				    pfn_t frame);
	GUEST_MUST_CHECK int (*unpin)(struct guest *g, pfn_t frame);
	GUEST_MUST_CHECK int (*load_root)(struct guest *g, pfn_t root);
	GUEST_MUST_CHECK int (*flush_tlb)(struct guest *g);
	GUEST_MUST_CHECK int (*flush_address)(struct guest *g, vaddr_t va);
};

extern const struct guest_ops guest_ops_xen_boot;
extern const struct guest_ops guest_ops_xen;
extern const struct guest_ops guest_ops_native;

#ifdef __cplusplus
}
#endif

#endif
