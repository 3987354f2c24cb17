/* SPDX-License-Identifier: MIT */
/*
 * Inside the engine: hypercalls whose argument is a list of requests stop at a
 * clean point, report what was done, and go on when re-issued (I10).
 */
#ifndef PW_ENGINE_LIST_H
#define PW_ENGINE_LIST_H

#include "engine/request/hypercall.h"
#include "engine/port.h"
#include "engine/request/door.h"
#include "engine/request/form.h"
#include "engine/table/dying.h"

/* Xen's top bit of the count (xen/include/asm/hypercall.h). */
#define LIST_PREEMPTED (UINT32_C(1) << 31)

/*
 * A list that begins in the hypervisor's hole is none, however short it is:
 * Xen looks at that first.
 */
bool list_address_ok(const struct mmu_domain *d, uint64_t address);
MUST_CHECK int check_list(struct mmu_domain *d, uint64_t address);

/* Comes in by the door. */
MUST_CHECK int list_begin(struct mmu_vcpu *v, enum mmu_operation id,
			  const uint64_t arg[6], struct request_list *b);
/* Writes back what was done; on -XEN_ERESTART moves arg[] on. Leaves. */
int64_t list_end(struct mmu_vcpu *v, uint64_t arg[6],
		 const struct request_list *b, size_t request_size, int rc);

/*
 * Does one request that has been copied in. True: the batch ends here, with
 * *rc.
 */
static inline __attribute__((always_inline)) bool list_step(
	struct mmu_vcpu *v, struct request_list *b, const void *req,
	int (*one)(struct mmu_vcpu *v, const void *req), int *rc)
{
	struct mmu_domain *d = v->dom;

	do {
		*rc = one(v, req);
	} while (unlikely(*rc != 0) && door_retry(d, *rc));
	if (unlikely(*rc != 0)) {
		return true;
	}
	b->done++;
	if (unlikely(d->dying_head != 0) && mmu_settle(d) != 0) {
		/* This one is done; what it left is not. */
		*rc = b->done < b->count ? -XEN_ERESTART : 0;
		return true;
	}
	return false;
}

/*
 * Does the requests of a batch, each of that form, copied in once to *req, up
 * to the first that fails or to an interruption; returns the result of the
 * last. Inlined, with `one`, into its callers.
 */
static inline __attribute__((always_inline)) int list_run(
	struct mmu_vcpu *v, const uint64_t arg[6], struct request_list *b,
	void *req, const struct form *f, bool narrow,
	int (*one)(struct mmu_vcpu *v, const void *req))
{
	struct mmu_domain *d = v->dom;
	const size_t size = narrow ? f->narrow : f->wide;
	int rc = 0;

	while (b->done < b->count) {
		if (b->done != 0 && port_preempt(d)) {
			return -XEN_ERESTART;
		}
		d->op.index = b->done_before + b->done;
		if (form_copy_in(v, f, narrow, req, arg[0] + b->done * size) !=
		    0) {
			return refuse_op(d, RULE_FAULT);
		}
		if (list_step(v, b, req, one, &rc)) {
			return rc;
		}
	}
	return rc;
}

/* 0 for the caller's own domain, else a refusal. */
int check_domid(struct mmu_domain *d, uint16_t domid);

/* Reads the guest's set of vCPUs (a bitmap of nr_vcpus bits). */
int read_vcpuset(struct mmu_vcpu *v, uint64_t where, vcpuset_t *ret_set);

#endif
