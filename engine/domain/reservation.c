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

static uint64_t extent_at(const struct reservation *r)
{
	return r->list + r->done * sizeof(uint64_t);
}

/* Common walk: one step per extent until it fails or has to pause. */
static void each_extent(struct mmu_vcpu *v, struct reservation *r,
			bool (*step)(struct mmu_vcpu *, struct reservation *),
			bool *ret_preempted)
{
	uint64_t first = r->done;

	*ret_preempted = false;
	while (r->done < r->nr) {
		if (r->done != first && port_preempt(v->dom)) {
			*ret_preempted = true;
			return;
		}
		if (!step(v, r)) {
			return;
		}
		r->done++;
	}
}

/* Frames of a new extent, or false; the limit is the domain's maximum. */
static bool alloc_extent(struct mmu_domain *d, unsigned int order,
			 mfn_t *ret_first)
{
	int rc;

	if (d->max_pages - d->nr_pages < (UINT64_C(1) << order) ||
	    d->nr_pages > d->max_pages) {
		(void)refuse_op(d, RULE_NO_MEMORY);
		return false;
	}
	rc = pool_alloc(d, order, ret_first);
	if (rc != 0) {
		(void)refuse_op(d, RULE_NO_MEMORY);
	}
	return rc == 0;
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

static bool increase_one(struct mmu_vcpu *v, struct reservation *r)
{
	mfn_t first;

	if (!alloc_extent(v->dom, r->order, &first)) {
		return false;
	}
	if (r->list != 0 &&
	    port_copy_out(v, extent_at(r), &first.v, sizeof(first.v)) != 0) {
		release_extent(v->dom, first, r->order);
		return false;
	}
	return true;
}

static bool populate_one(struct mmu_vcpu *v, struct reservation *r)
{
	uint64_t at;
	mfn_t first;

	if (port_copy_in(v, &at, extent_at(r), sizeof(at)) != 0 ||
	    !alloc_extent(v->dom, r->order, &first)) {
		return false;
	}
	if (port_copy_out(v, extent_at(r), &first.v, sizeof(first.v)) != 0) {
		release_extent(v->dom, first, r->order);
		return false;
	}
	for (uint64_t i = 0; i < UINT64_C(1) << r->order; i++) {
		v->dom->m->m2p[first.v + i] = at + i;
	}
	return true;
}

static bool decrease_one(struct mmu_vcpu *v, struct reservation *r)
{
	struct mmu_domain *d = v->dom;
	uint64_t first;

	if (port_copy_in(v, &first, extent_at(r), sizeof(first)) != 0) {
		return false;
	}
	for (uint64_t i = 0; i < UINT64_C(1) << r->order; i++) {
		mfn_t f = mfn(first + i);

		if (frame_get(d, f) != 0) {
			return false;
		}
		release_frame(d, f);
		frame_put(d, f);
	}
	return true;
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
