/* SPDX-License-Identifier: MIT */
/*
 * Batches: requests to the hypervisor are queued, and go out together in one
 * multicall. Consecutive entry writes share one mmu_update of the multicall,
 * consecutive extended operations one mmuext_op.
 *
 * Each request has its own outcome. When one entry of an mmu_update or
 * mmuext_op is refused, the hypervisor does not attempt the rest of that call
 * (GUEST_BATCH_NOT_ATTEMPTED) but goes on with the next call. What the
 * library records (P2M, pins, the root) is written for those requests only
 * that were accepted.
 */
#ifndef PAGEWARDEN_BATCH_H
#define PAGEWARDEN_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/addr.h"
#include "abi/pte.h"
#include "abi/xen.h"
#include "pagewarden/declare.h"

#ifdef __cplusplus
extern "C" {
#endif

struct guest;

#define GUEST_BATCH_MAX_CALLS 32
#define GUEST_BATCH_MAX_REQUESTS 128
/* The result of a request after a refused one of the same call. */
#define GUEST_BATCH_NOT_ATTEMPTED (-4096)

enum guest_batch_kind {
	GUEST_BATCH_ENTRY,   /* an entry, by its machine address */
	GUEST_BATCH_MAPPING, /* the L1 entry of a virtual address, current
				tables */
	GUEST_BATCH_M2P, /* the frame behind a pfn; sets the P2M if accepted */
	GUEST_BATCH_EXTENDED,
};

struct guest_batch_request {
	enum guest_batch_kind kind;
	unsigned int command; /* GUEST_BATCH_EXTENDED: MMUEXT_* */
	unsigned int call;    /* in the multicall */
	unsigned int index;   /* in the call */
	uint64_t where;       /* entry: maddr; mapping: va; M2P: pfn;
			       * extended: arg1 */
	uint64_t value;       /* entry and mapping: entry; M2P: mfn */
	vaddr_t p2m_entry;    /* M2P: where the value goes if accepted */
	int result;           /* 0 or -errno, once issued */
};

/* The first refusal since it was last taken by guest_batch_flush. */
struct guest_batch_error {
	struct guest_batch_request request; /* .result is what it got */
	unsigned int nr_refused;
	unsigned int nr_not_attempted;
};

struct guest_batch {
	unsigned int nr_requests;
	unsigned int nr_calls;
	bool issued; /* what is here has gone out; results are valid */
	struct guest_batch_error error;
	struct guest_batch_request request[GUEST_BATCH_MAX_REQUESTS];
	struct multicall_entry call[GUEST_BATCH_MAX_CALLS];
	uint32_t done[GUEST_BATCH_MAX_CALLS];
	struct mmu_update update[GUEST_BATCH_MAX_REQUESTS];
	struct mmuext_op ext[GUEST_BATCH_MAX_REQUESTS];
};

/*
 * An entry, by its machine address in bytes (8-aligned), becomes value. As the
 * others it queues only: if there is no room, what is queued goes out first. A
 * refusal is told by guest_batch_flush, and by guest_batch_result.
 */
void guest_batch_entry(struct guest *g, maddr_t entry, pte_t value);
/* The L1 entry of a virtual address, in the tables in use; UVMF_* of xen.h. */
void guest_batch_mapping(struct guest *g, vaddr_t va, pte_t value,
			 unsigned long uvmf_flags);
/*
 * Machine frame `to` is behind an own frame: in the M2P, and in the P2M once
 * that was accepted. Makes the leaf that the P2M needs: a frame that the P2M
 * does not cover (-XEN_EINVAL), or for whose leaf there is no memory
 * (-XEN_ENOMEM), is refused without being sent.
 */
void guest_batch_m2p(struct guest *g, pfn_t frame, mfn_t to);
/* MMUEXT_* of xen.h; arg1 is a machine frame number, or a virtual address. */
void guest_batch_extended(struct guest *g, unsigned int command, uint64_t arg1);

/*
 * Issues what is queued. Returns 0, or the -XEN_E... of the first request that
 * was refused since the last guest_batch_flush, which *ret_error (if not NULL)
 * then describes, and the guest's message says in words.
 */
GUEST_MUST_CHECK int guest_batch_flush(struct guest *g,
				       struct guest_batch_error *ret_error);

/*
 * The outcome of the n-th request (from 0) of the batch that went out last: 0,
 * the hypervisor's -XEN_E..., GUEST_BATCH_NOT_ATTEMPTED, or -XEN_EINVAL if
 * there was no such request.
 */
GUEST_MUST_CHECK int guest_batch_result(const struct guest *g, unsigned int n);

#ifdef __cplusplus
}
#endif

#endif
