/* SPDX-License-Identifier: MIT */
/*
 * The lowest layer: how a frame, an entry, a line of the log is reached. It
 * makes no request of its own; a window is set by the operations of the world.
 */
#ifndef PW_GUEST_REACH_REACH_H
#define PW_GUEST_REACH_REACH_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/addr.h"
#include "abi/pte.h"
#include "abi/xen.h"
#include "pagewarden/port.h"
#include "pagewarden/guest.h"

/* message.c: one line to the log. */
__attribute__((format(printf, 2, 3))) void guest_note(struct guest *g,
						      const char *format, ...);

/* address.c */
bool guest_in_initial_mapping(const struct guest *g, pfn_t frame);
vaddr_t guest_initial_va(const struct guest *g, pfn_t frame);
bool guest_direct_mapped(const struct guest *g, pfn_t frame);
mfn_t guest_entry_mfn(const struct guest *g, pte_t e);
bool guest_entry_is_leaf(const struct guest *g, unsigned int level, pte_t e);
/* Of an entry that refers to a table. */
uint64_t guest_table_flags(const struct guest *g, unsigned int level);

/* window.c */
/* guest_frame_va for a caller that knows what it may write. */
GUEST_MUST_CHECK int guest_frame_reach(struct guest *g, pfn_t frame, bool write,
				       vaddr_t *ret);
/* Without a hypervisor: where the windows' entries are, or are from now on. */
void guest_windows_find(struct guest *g);
/* No window shows the frame any more. */
void guest_window_forget(struct guest *g, pfn_t frame);
/* Every window shows its own frame again. */
GUEST_MUST_CHECK int guest_windows_close(struct guest *g);

/* entry.c */
pte_t guest_entry_load(struct guest *g, vaddr_t table, unsigned int index);
/* As it is in the table, whatever is queued. */
GUEST_MUST_CHECK int guest_slot_load(struct guest *g, struct guest_slot slot,
				     pte_t *ret);
GUEST_MUST_CHECK int guest_table_load(struct guest *g, unsigned int level,
				      pfn_t table, uint64_t *entries);
GUEST_MUST_CHECK int guest_table_store(struct guest *g, unsigned int level,
				       pfn_t table, const uint64_t *entries);
/* guest_lookup without issuing what is queued: sees the tables as they are. */
GUEST_MUST_CHECK int guest_lookup_present(struct guest *g, pfn_t root,
					  vaddr_t va,
					  struct guest_slot *ret_slot,
					  pte_t *ret_entry);
/* The machine address of an entry. */
maddr_t guest_slot_maddr(struct guest *g, struct guest_slot slot);
/* Under a hypervisor large pages are its own, as those of the M2P are. */
GUEST_MUST_CHECK int guest_check_leaf(struct guest *g, unsigned int level,
				      vaddr_t va, pte_t e);
/* A store to a table that no hypervisor guards, or that is not in use. */
GUEST_MUST_CHECK int guest_slot_store(struct guest *g, struct guest_slot slot,
				      pte_t value);
/* The table that a present entry refers to; -XEN_EFAULT if it is not ours. */
GUEST_MUST_CHECK int guest_entry_table(struct guest *g, pte_t e, pfn_t *ret);

/* p2m.c: where the entry of a frame is in the tree, and its leaf is noted. */
vaddr_t guest_p2m_tree_entry(struct guest *g, pfn_t frame, vaddr_t *ret_mid);
/* Where the entry of a frame is, whatever the form; and to set it there. */
vaddr_t guest_p2m_entry_va(struct guest *g, pfn_t frame);
void guest_p2m_entry_store(struct guest *g, vaddr_t at, uint64_t value);
/* Entries of the builder's list: the guest's words, INVALID_FRAME in ours. */
uint64_t guest_list_load(struct guest *g, vaddr_t at);
void guest_list_store(struct guest *g, vaddr_t at, uint64_t value);
void guest_list_read(struct guest *g, uint64_t *to, vaddr_t from,
		     unsigned int nr);
/*
 * guest_p2m_set.c. Is the entry in the leaf that all missing frames share?
 * -XEN_EINVAL for a frame that the P2M does not cover.
 */
GUEST_MUST_CHECK int guest_p2m_in_shared_leaf(struct guest *g, pfn_t frame,
					      bool *ret);

#endif
