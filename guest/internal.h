/* SPDX-License-Identifier: MIT */
/* Between the files of the library. */
#ifndef PW_GUEST_INTERNAL_H
#define PW_GUEST_INTERNAL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/addr.h"
#include "abi/pte.h"
#include "abi/xen.h"
#include "guest/port.h"
#include "pagewarden/guest.h"

/* message.c: one line to the log. */
__attribute__((format(printf, 2, 3))) void guest_note(struct guest *g,
						      const char *format, ...);

/* batch.c: what is queued goes out; the first error stays for batch_flush. */
void batch_issue(struct guest *g);
/*
 * One mapping at once, flushed: after what is queued, whose errors are kept
 * for batch_flush. Returns 0 or -errno of its own.
 */
int batch_mapping_now(struct guest *g, vaddr_t va, pte_t value);
/* Is a request queued that changes the entry, which maps the page at va? */
bool batch_is_about(const struct guest *g, vaddr_t va, maddr_t entry);
/* One hypercall, counted. */
int64_t guest_hypercall(struct guest *g, unsigned int nr, uint64_t a1,
			uint64_t a2, uint64_t a3, uint64_t a4);

/*
 * A guest handle is a pointer, or a struct of one, as the ABI headers were
 * configured: either way its bytes are the pointer's.
 */
static inline void set_handle(void *handle, const void *to)
{
	__builtin_memcpy(handle, &to, sizeof(to));
}

/* frame.c */
bool guest_in_initial_mapping(const struct guest *g, pfn_t frame);
vaddr_t guest_initial_va(const struct guest *g, pfn_t frame);
bool guest_direct_mapped(const struct guest *g, pfn_t frame);
/* guest_frame_va for a caller that knows what it may write. */
int frame_reach(struct guest *g, pfn_t frame, bool write, vaddr_t *ret);
/* No window shows the frame any more. */
void window_forget(struct guest *g, pfn_t frame);
/* Every window shows its own frame again. */
int windows_close(struct guest *g);
/* nr frames contiguous, cleared if they can be reached through a mapping. */
int guest_clear_frame(struct guest *g, pfn_t frame);

/* entry.c */
pte_t entry_load(struct guest *g, vaddr_t table, unsigned int index);
int table_load(struct guest *g, unsigned int level, pfn_t table,
	       uint64_t *entries);
int table_store(struct guest *g, unsigned int level, pfn_t table,
		const uint64_t *entries);
/* guest_lookup without issuing what is queued: sees the tables as they are. */
int lookup_present(struct guest *g, pfn_t root, vaddr_t va,
		   struct guest_slot *ret_slot, pte_t *ret_entry);
/* The machine address of an entry. */
maddr_t slot_maddr(struct guest *g, struct guest_slot slot);
/* A store to a table that no hypervisor guards, or that is not in use. */
int slot_store(struct guest *g, struct guest_slot slot, pte_t value);
mfn_t entry_mfn(const struct guest *g, pte_t e);
bool entry_is_leaf(const struct guest *g, unsigned int level, pte_t e);
uint64_t table_flags(const struct guest *g, unsigned int level);

/* protect.c: each 4 KiB leaf of [start, end) of the direct map. */
int guest_protect_frames(struct guest *g, pfn_t start, pfn_t end, uint64_t set,
			 uint64_t clear, enum guest_flush flush);

/* table.c: a frame for a table: from the buffer, or from the allocator. */
int guest_new_table(struct guest *g, pfn_t *ret);
void guest_delete_table(struct guest *g, pfn_t frame);
/*
 * Tables that were made for an entry which could not be set, and those below
 * them; given: they had been through alloc_table.
 */
void guest_discard_tables(struct guest *g, unsigned int level, pfn_t table,
			  bool given);

/* The L1 entry of an address, with tables made down to it. */
int guest_map_entry(struct guest *g, const struct guest_space *space,
		    vaddr_t va, struct guest_slot *ret);

/* directmap.c: nr pages from a frame on at an address, any tables. */
int guest_map_pages(struct guest *g, vaddr_t va, pfn_t first, uint64_t nr,
		    uint64_t flags);
/* How many tables mapping so much can take at most. */
uint64_t directmap_estimate(const struct guest *g, uint64_t bytes);

/* drop.c: tables that are empty below an address range, level by level. */
int guest_prune(struct guest *g, vaddr_t va, uint64_t bytes);

/*
 * A P2M outside: its list and its tables are where start_info says, so that
 * none of them is taken for free memory. Looks at them through windows.
 */
int guest_check_p2m_frames(struct guest *g);

/* policy.c */
bool policy_is_table(const struct guest *g, pfn_t frame);
uint64_t policy_flags(struct guest *g, pfn_t frame, uint64_t flags,
		      pte_t existing);
void policy_writing(struct guest *g, pfn_t frame);
void policy_unreachable(struct guest *g, pfn_t frame);
int policy_hooking(struct guest *g, unsigned int level, pfn_t table);
int policy_range_done(struct guest *g);
int policy_last_pass(struct guest *g);

#endif
