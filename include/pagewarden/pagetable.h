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

int guest_read_entry(struct guest *g, struct guest_slot slot, pte_t *ret);

/*
 * The entry that maps an address: walks down from a root and stops at a leaf
 * (a large page, or level 1) or at an entry that is not present. Returns 0
 * with a present leaf; -XEN_ENOENT with the slot and value where there is
 * none; -XEN_EFAULT for a table that is no frame of this guest.
 */
int guest_lookup(struct guest *g, pfn_t root, vaddr_t va,
		 struct guest_slot *ret_slot, pte_t *ret_entry);

/* An entry for an own frame. */
pte_t guest_make_pte(struct guest *g, pfn_t frame, uint64_t flags);

/*
 * Set an entry of a table that is in use. The init-time form (`filter`)
 * drops RW from an entry that replaces a present one without it.
 * In run-time ops both only queue; see guest_flush. Return 0 or -errno.
 */
int guest_set_entry(struct guest *g, struct guest_slot slot, pte_t value);
int guest_set_entry_init(struct guest *g, struct guest_slot slot, pte_t value);
/* Set one of a table that is not in use: a store. */
int guest_store_entry(struct guest *g, struct guest_slot slot, pte_t value);
/* Issue what is queued: 0 or the first error, as guest_batch_flush. */
int guest_flush(struct guest *g);

/*
 * Change the permission of every mapping of a frame that the library made or
 * found (initial mapping, direct map). -XEN_ENOENT if none maps it.
 */
int guest_make_readonly(struct guest *g, pfn_t frame);
int guest_make_readwrite(struct guest *g, pfn_t frame, enum guest_flush flush);
/* Set and clear flags (PTE_RW, PTE_NX, ...) of the leaf of an address. */
int guest_protect(struct guest *g, pfn_t root, vaddr_t va, uint64_t set,
		  uint64_t clear, enum guest_flush flush);

/*
 * A frame becomes a table of tables in use: read-only, and pinned if it is of
 * level 1; and back. guest_hook does this for the child, sets the entry, and
 * on error undoes what had been accepted. guest_unhook clears the entry and
 * releases the child; the child's own children must be gone.
 */
int guest_alloc_table(struct guest *g, unsigned int level, pfn_t frame);
int guest_release_table(struct guest *g, unsigned int level, pfn_t frame);
int guest_hook(struct guest *g, struct guest_slot slot, pfn_t child);
int guest_unhook(struct guest *g, struct guest_slot slot);

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
 * Map one own frame at an address, with tables from the allocator where there
 * are none. -XEN_EEXIST if something is mapped there.
 */
int guest_map(struct guest *g, const struct guest_space *space, vaddr_t va,
	      pfn_t frame, uint64_t flags);
/* Unmap it, flush the address; tables stay. -XEN_ENOENT if nothing is. */
int guest_unmap(struct guest *g, const struct guest_space *space, vaddr_t va);

/*
 * Pin: every table of its own read-only, then the root pinned, in batches.
 * Unpin is the reverse. On error the tables are as they were before.
 */
int guest_pin_space(struct guest *g, struct guest_space *space);
int guest_unpin_space(struct guest *g, struct guest_space *space);

/* Load a root into CR3 (which pins nothing); the user root of a PV guest. */
int guest_load_root(struct guest *g, pfn_t root);
int guest_load_user_root(struct guest *g, pfn_t root);

int guest_flush_tlb(struct guest *g);
int guest_flush_address(struct guest *g, vaddr_t va);

/*
 * The operations that differ between the worlds, and between boot and run
 * time: switched once, by guest_run_time. Const tables.
 */
struct guest_ops {
	const char *name;
	bool hypervisor;
	bool queue; /* requests wait for guest_flush */
	int (*set_entry)(struct guest *g, struct guest_slot slot, pte_t value);
	int (*set_mapping)(struct guest *g, vaddr_t va, struct guest_slot slot,
			   pte_t value, enum guest_flush flush);
	/* At once, and flushed; without a hypervisor by the slot. */
	int (*set_window)(struct guest *g, vaddr_t va, struct guest_slot slot,
			  pte_t value);
	int (*alloc_table)(struct guest *g, unsigned int level, pfn_t frame);
	int (*release_table)(struct guest *g, unsigned int level, pfn_t frame);
	int (*pin)(struct guest *g, unsigned int level, pfn_t frame);
	int (*unpin)(struct guest *g, pfn_t frame);
	int (*load_root)(struct guest *g, pfn_t root);
	int (*flush_tlb)(struct guest *g);
	int (*flush_address)(struct guest *g, vaddr_t va);
};

extern const struct guest_ops guest_ops_xen_boot;
extern const struct guest_ops guest_ops_xen;
extern const struct guest_ops guest_ops_native;

#endif
