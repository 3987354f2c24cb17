/* SPDX-License-Identifier: MIT */
/*
 * Page-table entries that map frames of another domain, by a right over all of
 * it (mmu_may_map()). Each entry is a request of its own at the door, because
 * the frame's owner is asked first, under its own lock: it is then written as a
 * grant's mapping would be, with the same references, records and flushes.
 * Nothing but an L1 entry can name another's frame, and an entry that is not
 * present names none.
 */
#include "engine/request/others.h"

#include "abi/guest_range.h"
#include "engine/domain/foreign.h"
#include "engine/port.h"
#include "engine/request/door.h"
#include "engine/request/list.h"
#include "engine/table/update.h"

/* What ENTRY_FLAGS and `writable` of a mapping say already. */
#define MAPPING_FLAGS (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)

/* Under the door of the operation that the request is. */
static int refuse_request(struct mmu_vcpu *v, const uint64_t *operand,
			  enum rule rule)
{
	int rc = mmu_begin(v, MMU_OP_MMU_UPDATE, operand);

	return (int)mmu_leave(v->dom, rc != 0 ? rc : refuse_op(v->dom, rule));
}

/* An entry of the caller's own that is taken away, or not present. */
static int clear_entry(struct mmu_vcpu *v, const struct mmu_update *req)
{
	int rc = mmu_begin(v, MMU_OP_MMU_UPDATE, (const uint64_t *)req);

	if (rc == 0) {
		do {
			rc = mmu_update_entry(v, maddr(req->ptr & ~UINT64_C(7)),
					      pte(req->val), false);
		} while (rc != 0 && door_retry(v->dom, rc));
	}
	return (int)mmu_leave(v->dom, rc);
}

static int map_entry(struct mmu_vcpu *v, struct mmu_domain *owner,
		     uint64_t address, bool by_pte, pte_t e)
{
	const uint64_t operand[] = {address, e.v};
	const struct granted g = {
		.owner = owner,
		.address = address,
		.by_pte = by_pte,
		.writable = pte_writable(e),
		.frame = pte_mfn(e),
		.flags = pte_flags(e) & ~MAPPING_FLAGS,
	};
	int rc;

	if ((e.v & v->dom->forbidden[1]) != 0) {
		return refuse_request(v, operand, RULE_L1_FLAGS);
	}
	rc = mmu_grant_map(v, &g);
	return rc == -XEN_ENOENT ? -XEN_EINVAL : rc;
}

static int one(struct mmu_vcpu *v, struct mmu_domain *owner,
	       const struct mmu_update *req)
{
	const pte_t e = pte(req->val);

	switch (req->ptr & 7) {
	case MMU_NORMAL_PT_UPDATE:
	case MMU_PT_UPDATE_NO_TRANSLATE:
	case MMU_PT_UPDATE_PRESERVE_AD:
		return pte_present(e)
			       ? map_entry(v, owner, req->ptr & ~UINT64_C(7),
					   true, e)
			       : clear_entry(v, req);
	case MMU_MACHPHYS_UPDATE:
		/* What a frame is called is its owner's to say. */
		return refuse_request(v, (const uint64_t *)req,
				      RULE_FOREIGN_DOMAIN);
	default:
		return refuse_request(v, (const uint64_t *)req,
				      RULE_UPDATE_COMMAND);
	}
}

/* The list, from arg[0] on; *done of count are done when it ends. */
static int run(struct mmu_vcpu *v, struct mmu_domain *owner,
	       const uint64_t arg[6], uint32_t count, uint32_t *done)
{
	struct mmu_update req;

	for (; *done < count; (*done)++) {
		uint64_t at = arg[0] + *done * sizeof(req);
		int rc;

		if (*done != 0 && port_preempt(v->dom)) {
			return -XEN_ERESTART;
		}
		if (!guest_range_ok(at, sizeof(req)) ||
		    port_copy_in(v, &req, at, sizeof(req)) != 0) {
			return refuse_request(v, arg, RULE_FAULT);
		}
		rc = one(v, owner, &req);
		if (rc != 0) {
			return rc;
		}
	}
	return 0;
}

/* The number done before it was stopped stands where the guest reads it. */
static uint32_t done_before(struct mmu_vcpu *v, const uint64_t arg[6])
{
	uint32_t done;

	return ((uint32_t)arg[1] & LIST_PREEMPTED) != 0 && arg[2] != 0 &&
			       port_copy_in(v, &done, arg[2], sizeof(done)) == 0
		       ? done
		       : 0;
}

int64_t others_mmu_update(struct mmu_vcpu *v, uint64_t arg[6],
			  struct mmu_domain *owner)
{
	const uint32_t count = (uint32_t)arg[1] & ~LIST_PREEMPTED;
	uint32_t before = done_before(v, arg);
	uint32_t done = 0;
	int rc = run(v, owner, arg, count, &done);

	before += done;
	if (arg[2] != 0 &&
	    port_copy_out(v, arg[2], &before, sizeof(before)) != 0 && rc == 0) {
		rc = -XEN_EFAULT;
	}
	if (rc == -XEN_ERESTART) {
		arg[0] += done * sizeof(struct mmu_update);
		arg[1] = (count - done) | LIST_PREEMPTED;
	}
	return rc;
}

int others_update_va(struct mmu_vcpu *v, const uint64_t arg[6],
		     struct mmu_domain *owner)
{
	return map_entry(v, owner, arg[0], false, pte(arg[1]));
}
