/* SPDX-License-Identifier: MIT */
/*
 * Batches: requests to the hypervisor are queued, and go out together in one
 * multicall. Consecutive entry writes share one mmu_update of the multicall,
 * consecutive extended operations one mmuext_op.
 *
 * Each request has its own outcome. When one entry of an mmu_update or
 * mmuext_op is refused, the hypervisor does not attempt the rest of that call
 * (BATCH_NOT_ATTEMPTED) but goes on with the next call. What the
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

struct guest;

#define BATCH_MAX_CALLS 32
#define BATCH_MAX_REQUESTS 128
/* The result of a request after a refused one of the same call. */
#define BATCH_NOT_ATTEMPTED (-4096)

enum batch_kind {
	BATCH_ENTRY,   /* an entry, by its machine address */
	BATCH_MAPPING, /* the L1 entry of a virtual address, current tables */
	BATCH_M2P,     /* the frame behind a pfn; sets the P2M if accepted */
	BATCH_EXTENDED,
};

struct batch_request {
	enum batch_kind kind;
	unsigned int command; /* BATCH_EXTENDED: MMUEXT_* */
	unsigned int call;    /* in the multicall */
	unsigned int index;   /* in the call */
	uint64_t where;       /* entry: maddr; mapping: va; M2P: pfn;
			       * extended: arg1 */
	uint64_t value;       /* entry and mapping: entry; M2P: mfn */
	vaddr_t p2m_entry;    /* M2P: where the value goes if accepted */
	int result;           /* 0 or -errno, once issued */
};

/* The first refusal since it was last taken by batch_flush. */
struct batch_error {
	struct batch_request request; /* .result is what it got */
	unsigned int nr_refused;
	unsigned int nr_not_attempted;
};

struct batch {
	unsigned int nr_requests;
	unsigned int nr_calls;
	bool issued; /* what is here has gone out; results are valid */
	struct batch_error error;
	struct batch_request request[BATCH_MAX_REQUESTS];
	struct multicall_entry call[BATCH_MAX_CALLS];
	uint32_t done[BATCH_MAX_CALLS];
	struct mmu_update update[BATCH_MAX_REQUESTS];
	struct mmuext_op ext[BATCH_MAX_REQUESTS];
};

/*
 * Queue one; if there is no room, what is queued goes out first. batch_m2p
 * makes the leaf that the P2M needs: a frame that the P2M does not cover, or
 * for whose leaf there is no memory, is refused without being sent.
 */
void batch_entry(struct guest *g, maddr_t entry, pte_t value);
void batch_mapping(struct guest *g, vaddr_t va, pte_t value,
		   unsigned long uvmf_flags);
void batch_m2p(struct guest *g, pfn_t frame, mfn_t to);
void batch_extended(struct guest *g, unsigned int command, uint64_t arg1);

/*
 * Issues what is queued. Returns 0, or the errno of the first request that
 * was refused since the last batch_flush, which *ret_error (if not NULL) then
 * describes, and the guest's message says in words.
 */
int batch_flush(struct guest *g, struct batch_error *ret_error);

/* The outcome of the n-th request of the batch that went out last. */
int batch_result(const struct guest *g, unsigned int n);

#endif
