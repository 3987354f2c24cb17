/* SPDX-License-Identifier: MIT */
/* Inside the engine: what the batched hypercalls have in common. */
#ifndef PW_ENGINE_HC_BATCH_H
#define PW_ENGINE_HC_BATCH_H

#include "engine/frame_refs.h"
#include "engine/hypercall.h"
#include "engine/port.h"

/*
 * mmu_update and mmuext_op: arg[0] requests, arg[1] their number, with
 * MMU_UPDATE_PREEMPTED when this is a continuation; arg[2] where the number
 * done is to be written, or 0; arg[3] the domain meant.
 */
struct batch {
	uint32_t count;
	uint32_t done;        /* in this issue of the hypercall */
	uint32_t done_before; /* in earlier ones */
};

/* Xen's top bit of the count (xen/include/asm/hypercall.h). */
#define BATCH_PREEMPTED (UINT32_C(1) << 31)

/*
 * A list that begins in the hypervisor's hole is none, however short it is:
 * Xen looks at that first.
 */
int check_list(struct mmu_domain *d, uint64_t address);

int batch_begin(struct mmu_vcpu *v, const uint64_t arg[6], struct batch *b);
/* Writes back what was done; on -XEN_ERESTART moves arg[] on. */
int64_t batch_end(struct mmu_vcpu *v, uint64_t arg[6], const struct batch *b,
		  size_t request_size, int rc);

/*
 * One request of a batch came back with -XEN_ERESTART. True: the work owed is
 * done, try it again at once.
 */
bool batch_retry(struct mmu_domain *d, int rc);

/* 0 for the caller's own domain, else a refusal. */
int check_domid(struct mmu_domain *d, uint16_t domid);

/* Reads the guest's set of vCPUs (a bitmap of nr_vcpus bits). */
int read_vcpuset(struct mmu_vcpu *v, uint64_t where, vcpuset_t *ret_set);

#endif
