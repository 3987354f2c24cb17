/* SPDX-License-Identifier: MIT */
/*
 * Reservations. What a domain gives back leaves it when the last reference is
 * gone, not before: a frame that is still mapped or pinned only loses the
 * reference that the reservation held (XSA-252: no unpinning on the sly). Until
 * then it counts as the domain's, so that nobody has more than the limit by
 * mapping what was given back.
 */
#include "engine/domain/reservation.h"

#include "engine/table/refs.h"
#include "engine/domain/pool.h"
#include "engine/port.h"
#include "engine/request/form.h"

static uint64_t extent_at(const struct mmu_vcpu *v, const struct reservation *r)
{
	return word_at(v->dom, r->list, r->done);
}

/* Common walk: one step per extent until it fails or has to pause. */
static void each_extent(struct mmu_vcpu *v, struct reservation *r,
			int (*step)(struct mmu_vcpu *, struct reservation *),
			bool *ret_preempted)
{
	uint64_t first = r->done;
	int rc;

	*ret_preempted = false;
	while (r->done < r->nr) {
		if (r->done != first && port_preempt(v->dom)) {
			*ret_preempted = true;
			return;
		}
		rc = step(v, r);
		if (rc != 0) {
			*ret_preempted = rc == -XEN_ERESTART;
			return;
		}
		r->done++;
	}
}

/* Frames of a new extent; the limit is the domain's maximum. */
static int alloc_extent(struct mmu_domain *d, unsigned int order,
			mfn_t *ret_first)
{
	int rc = -XEN_ENOMEM;

	if (d->nr_pages <= d->max_pages &&
	    d->max_pages - d->nr_pages >= UINT64_C(1) << order) {
		rc = pool_alloc(d, order, ret_first);
	}
	return rc == -XEN_ENOMEM ? refuse_op(d, RULE_NO_MEMORY) : rc;
}

void release_frame(struct mmu_domain *d, mfn_t f)
{
	struct frame *fr = frame_of(d->m, f);

	if (fr->flags & FRAME_ALLOCATED) {
		fr->flags &= (uint8_t)~FRAME_ALLOCATED;
		frame_put(d, f);
	}
}

void release_extent(struct mmu_domain *d, mfn_t first, unsigned int order)
{
	for (uint64_t i = 0; i < UINT64_C(1) << order; i++) {
		release_frame(d, mfn_add(first, i));
	}
}

static int increase_one(struct mmu_vcpu *v, struct reservation *r)
{
	mfn_t first = MFN_INVALID;
	int rc = alloc_extent(v->dom, r->order, &first);

	if (rc != 0) {
		return rc;
	}
	if (r->list != 0 && word_out(v, extent_at(v, r), first.v) != 0) {
		release_extent(v->dom, first, r->order);
		return -XEN_EFAULT;
	}
	return 0;
}

static int populate_one(struct mmu_vcpu *v, struct reservation *r)
{
	uint64_t at;
	mfn_t first = MFN_INVALID;
	int rc = word_in(v, &at, extent_at(v, r));

	if (rc == 0) {
		rc = alloc_extent(v->dom, r->order, &first);
	}
	if (rc != 0) {
		return rc;
	}
	if (word_out(v, extent_at(v, r), first.v) != 0) {
		release_extent(v->dom, first, r->order);
		return -XEN_EFAULT;
	}
	for (uint64_t i = 0; i < UINT64_C(1) << r->order; i++) {
		m2p_set(v->dom->m, mfn_add(first, i), at + i);
	}
	return 0;
}

static int decrease_one(struct mmu_vcpu *v, struct reservation *r)
{
	struct mmu_domain *d = v->dom;
	uint64_t first;
	int rc = word_in(v, &first, extent_at(v, r));

	if (rc != 0) {
		return rc;
	}
	for (uint64_t i = 0; i < UINT64_C(1) << r->order; i++) {
		mfn_t f = mfn(first + i);

		rc = frame_get(d, f);
		if (rc != 0) {
			return rc;
		}
		release_frame(d, f);
		frame_put(d, f);
	}
	return 0;
}

void reservation_increase(struct mmu_vcpu *v, struct reservation *r,
			  bool *ret_preempted)
{
	each_extent(v, r, increase_one, ret_preempted);
}

void reservation_decrease(struct mmu_vcpu *v, struct reservation *r,
			  bool *ret_preempted)
{
	each_extent(v, r, decrease_one, ret_preempted);
}

void reservation_populate(struct mmu_vcpu *v, struct reservation *r,
			  bool *ret_preempted)
{
	each_extent(v, r, populate_one, ret_preempted);
}

/* What XENMEMF_get_node() gives where no node is named. */
#define NO_NODE 0xff

int check_mem_flags(struct mmu_domain *d, unsigned int flags)
{
	const unsigned int exact = XENMEMF_exact_node_request | XENMEMF_vnode;

	/* A virtual node, of which a domain here has none, is no wish. */
	if (XENMEMF_get_node(flags) != NO_NODE &&
	    (flags & exact) == XENMEMF_exact_node_request) {
		return refuse_op(d, RULE_MEMORY_NODE);
	}
	return 0;
}
