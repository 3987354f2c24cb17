/* SPDX-License-Identifier: MIT */
/*
 * XENMEM_exchange: pages of the domain's for as many others, chunk by chunk,
 * each all or nothing: the inputs are only held until the outputs exist, so a
 * refusal leaves the domain what it had. Clearing the outputs is what takes
 * long: it may stop the chunk, which then is undone, but for what is clean.
 */
#include "engine/domain/pool.h"
#include "engine/domain/reservation.h"
#include "engine/port.h"
#include "engine/request/form.h"
#include "engine/request/list.h"
#include "engine/table/flush.h"
#include "engine/table/refs.h"

/* in and out, each as in XENMEM_increase_reservation; nr_exchanged */
static const struct form form_exchange = {
	.wide = sizeof(struct xen_memory_exchange),
	.narrow = 44,
	.words = 1 << 0 | 1 << 1 | 1 << 5 | 1 << 6 | 1 << 10,
};

#define CHUNK_PAGES (1u << RESERVATION_MAX_ORDER)

/* One chunk: 2^order pages in, as many out, each side in extents of its own. */
struct chunk {
	uint64_t in_list; /* guest addresses of the extents of this chunk */
	uint64_t out_list;
	unsigned int in_order;
	unsigned int out_order;
	unsigned int order;  /* the larger of the two */
	unsigned int nr_in;  /* pages held, in in[] */
	unsigned int nr_out; /* extents allocated, in out[] */
	mfn_t in[CHUNK_PAGES];
	mfn_t out[CHUNK_PAGES];
};

/*
 * Holds one page that the guest gives. It must be held by the reservation
 * alone: no mapping, no pin, no table (XSA-214). The reference taken here
 * makes a page that is named twice fail the second time.
 */
static int hold_page(struct mmu_domain *d, struct chunk *c, mfn_t f)
{
	struct frame *fr;

	if (!mfn_valid(d->m, f) || frame_of(d->m, f)->owner != d->tag) {
		return refuse_frame(d, RULE_NOT_OWNED, f);
	}
	fr = frame_of(d->m, f);
	if (fr->count != 1 || (fr->flags & FRAME_ALLOCATED) == 0) {
		return refuse_frame(d, RULE_EXCHANGE_FRAME, f);
	}
	fr->count++;
	c->in[c->nr_in++] = f;
	return 0;
}

static int hold_inputs(struct mmu_vcpu *v, struct chunk *c)
{
	unsigned int extents = 1u << (c->order - c->in_order);

	for (unsigned int i = 0; i < extents; i++) {
		uint64_t first;

		if (word_in(v, &first, word_at(v->dom, c->in_list, i)) != 0) {
			return refuse_op(v->dom, RULE_FAULT);
		}
		for (unsigned int j = 0; j < 1u << c->in_order; j++) {
			int rc = hold_page(v->dom, c, mfn(first + j));

			if (rc != 0) {
				return rc;
			}
		}
	}
	return 0;
}

/* Extents for the outputs: nobody's yet, for they may hold another's data. */
static int take_outputs(struct mmu_domain *d, struct chunk *c)
{
	unsigned int extents = 1u << (c->order - c->out_order);

	while (c->nr_out < extents) {
		if (pool_take(d, c->out_order, &c->out[c->nr_out]) != 0) {
			return refuse_op(d, RULE_NO_MEMORY);
		}
		c->nr_out++;
	}
	/* Before they are cleared: an old owner may still be able to write. */
	mmu_pay_flushes(d);
	for (unsigned int i = 0; i < extents; i++) {
		int rc = pool_scrub(d, c->out[i], c->out_order);

		if (rc != 0) {
			return rc;
		}
	}
	return 0;
}

/* Their numbers are told to the guest, their M2P set as it asks. */
static int tell_outputs(struct mmu_vcpu *v, const struct chunk *c)
{
	struct mmu_domain *d = v->dom;

	for (unsigned int i = 0; i < c->nr_out; i++) {
		uint64_t where = word_at(d, c->out_list, i);
		uint64_t at;

		if (word_in(v, &at, where) != 0 ||
		    word_out(v, where, c->out[i].v) != 0) {
			return refuse_op(d, RULE_FAULT);
		}
		for (uint64_t j = 0; j < UINT64_C(1) << c->out_order; j++) {
			m2p_set(d->m, mfn_add(c->out[i], j), at + j);
		}
	}
	return 0;
}

/*
 * All or nothing: the inputs are only held until the outputs exist. Undone in
 * reverse, so that the same frames are taken when it is done again.
 */
static int exchange_chunk(struct mmu_vcpu *v, struct chunk *c)
{
	struct mmu_domain *d = v->dom;
	int rc;

	c->nr_in = 0;
	c->nr_out = 0;
	rc = hold_inputs(v, c);
	if (rc == 0) {
		rc = take_outputs(d, c);
	}
	if (rc == 0) {
		rc = tell_outputs(v, c);
	}
	while (rc != 0 && c->nr_out > 0) {
		pool_return(d, c->out[--c->nr_out], c->out_order);
	}
	for (unsigned int i = 0; i < c->nr_in; i++) {
		if (rc == 0) {
			release_frame(d, c->in[i]);
		}
		frame_put(d, c->in[i]);
	}
	return rc;
}

static int check_exchange(struct mmu_domain *d,
			  const struct xen_memory_exchange *e)
{
	unsigned int in = e->in.extent_order;
	unsigned int out = e->out.extent_order;

	int rc = check_domid(d, e->in.domid);

	if (rc != 0) {
		return rc;
	}
	if (in > RESERVATION_MAX_ORDER || out > RESERVATION_MAX_ORDER) {
		return refuse_op(d, RULE_PRIVILEGED);
	}
	if (e->nr_exchanged > e->in.nr_extents || e->in.domid != e->out.domid ||
	    (~UINT64_C(0) >> in) < e->in.nr_extents ||
	    (~UINT64_C(0) >> out) < e->out.nr_extents ||
	    (e->in.nr_extents << in) != (e->out.nr_extents << out)) {
		return refuse_op(d, RULE_EXCHANGE_ARGUMENT);
	}
	return e->nr_exchanged == e->in.nr_extents
		       ? 0
		       : check_mem_flags(d, e->out.mem_flags);
}

int reservation_exchange(struct mmu_vcpu *v, uint64_t arg)
{
	struct mmu_domain *d = v->dom;
	/* Its last word. */
	uint64_t where =
		arg + form_size(d, &form_exchange) - form_size(d, &form_word);
	struct xen_memory_exchange e;
	struct chunk c;
	uint64_t first;
	uint64_t step;
	int rc;

	if (form_in(v, &form_exchange, &e, arg) != 0) {
		return refuse_op(d, RULE_FAULT);
	}
	rc = check_exchange(d, &e);
	if (rc != 0) {
		return rc;
	}
	c.in_order = e.in.extent_order;
	c.out_order = e.out.extent_order;
	c.order = c.in_order > c.out_order ? c.in_order : c.out_order;
	step = UINT64_C(1) << (c.order - c.in_order);
	first = e.nr_exchanged;
	while (rc == 0 && e.in.nr_extents - e.nr_exchanged >= step) {
		uint64_t pages = e.nr_exchanged << c.in_order;

		if (e.nr_exchanged != first && port_preempt(d)) {
			rc = -XEN_ERESTART;
			break;
		}
		c.in_list = word_at(d, (uint64_t)(uintptr_t)e.in.extent_start.p,
				    e.nr_exchanged);
		c.out_list =
			word_at(d, (uint64_t)(uintptr_t)e.out.extent_start.p,
				pages >> c.out_order);
		rc = exchange_chunk(v, &c);
		if (rc == 0) {
			e.nr_exchanged += step;
		}
	}
	if (word_out(v, where, e.nr_exchanged) != 0) {
		return refuse_op(d, RULE_FAULT);
	}
	return rc;
}
