/* SPDX-License-Identifier: MIT */
/* Requests to the hypervisor, and what stands in their place without one. */
#ifndef PW_GUEST_REQUEST_REQUEST_H
#define PW_GUEST_REQUEST_REQUEST_H

#include "guest/reach/reach.h"

/* batch.c: what is queued goes out; the first error stays for
 * guest_batch_flush. */
void guest_batch_issue(struct guest *g);
/*
 * One mapping at once, flushed: after what is queued, whose errors are kept
 * for guest_batch_flush. Returns 0 or -errno of its own.
 */
GUEST_MUST_CHECK int guest_batch_mapping_now(struct guest *g, vaddr_t va,
					     pte_t value);
/* Is a request queued that changes the entry, which maps the page at va? */
bool guest_batch_is_about(const struct guest *g, vaddr_t va, maddr_t entry);
/*
 * guest_batch_m2p for an entry of the P2M that can be stored; and its refusal,
 * of an entry that cannot.
 */
void guest_batch_m2p_at(struct guest *g, pfn_t frame, mfn_t to,
			vaddr_t p2m_entry);
void guest_batch_m2p_unsent(struct guest *g, pfn_t frame, mfn_t to, int error);
/* One hypercall, counted. */
int64_t guest_hypercall(struct guest *g, unsigned int nr, uint64_t a1,
			uint64_t a2, uint64_t a3, uint64_t a4);

/*
 * A guest handle is a pointer, or a struct of one, as the ABI headers were
 * configured: either way its bytes are the pointer's.
 */
static inline void guest_set_handle(void *handle, const void *to)
{
	__builtin_memcpy(handle, &to, sizeof(to));
}

/*
 * edit.c: the TLB is flushed and what is queued has gone out, so that nobody
 * sees what was there before; the second empties an entry first. Return 0 or
 * -errno.
 */
GUEST_MUST_CHECK int guest_flush_now(struct guest *g);
GUEST_MUST_CHECK int guest_clear_now(struct guest *g, struct guest_slot slot);

/* protect.c: each 4 KiB leaf of [start, end) of the direct map. */
GUEST_MUST_CHECK int guest_protect_frames(struct guest *g, pfn_t start,
					  pfn_t end, uint64_t set,
					  uint64_t clear,
					  enum guest_flush flush);

#endif
