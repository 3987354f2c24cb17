/* SPDX-License-Identifier: MIT */
/*
 * What the library has on record of the hypervisor's state, the root and the
 * P2M, is what the engine has accepted: also when something else that was
 * queued is refused, and when the record itself has no room.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/sim.h"
#include "tests/unit/support/bench.h"

/* A second root: a copy of the present one, read-only. */
static pfn_t other_root(struct rig *r)
{
	struct guest *g = r->g;
	pfn_t root = rig_frame(r);

	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		struct guest_slot slot = {4, g->kernel.root, i};
		pte_t e = pte(rig_entry(r, slot));

		slot.table = root;
		if (i < XEN_L4_FIRST || i > XEN_L4_LAST) {
			assert_int_equal(guest_store_entry(g, slot, e), 0);
		}
	}
	assert_int_equal(guest_make_readonly(g, root), 0);
	assert_int_equal(guest_flush(g), 0);
	return root;
}

static void load_roots(struct rig *r)
{
	struct guest *g = r->g;
	pfn_t first = g->kernel.root;
	pfn_t other = other_root(r);
	pfn_t none = rig_frame(r);

	/* A frame that can be written is no root. */
	assert_int_equal(guest_load_root(g, none), -XEN_EINVAL);
	assert_int_equal(g->kernel.root.v, first.v);
	assert_int_equal(r->s->vcpu.kernel_root.v, rig_behind(r, first).v);
	assert_int_equal(guest_load_root(g, other), 0);
	assert_int_equal(g->kernel.root.v, other.v);
	assert_int_equal(r->s->vcpu.kernel_root.v, rig_behind(r, other).v);
	assert_int_equal(r->s->cr3.v, mfn_to_maddr(rig_behind(r, other)).v);
	/* Something queued before is refused: no half of it may be recorded. */
	guest_batch_mapping(g, guest_direct_va(g, none),
			    pte_make(rig_behind(r, first), RIG_RW), 0);
	assert_int_equal(guest_load_root(g, first), -XEN_EBUSY);
	assert_int_equal(rig_behind(r, g->kernel.root).v,
			 r->s->vcpu.kernel_root.v);
	assert_int_equal(guest_load_root(g, first), 0);
	assert_int_equal(r->s->vcpu.kernel_root.v, rig_behind(r, first).v);
}

static void the_root_on_record_is_the_one_that_is_loaded(void **state)
{
	(void)state;
	for (uint64_t every = 0; every <= 2; every++) {
		const struct rig_options o = {
			.world = RIG_XEN,
			.keep = TLB_KEEP_ALL,
			.stage = RIG_RUN_TIME,
			.preempt = every,
		};

		rig_run(&o, load_roots);
	}
}

/* --- a leaf of the P2M that is not there ---------------------------------- */

struct hole {
	struct bench b;
	pfn_t run;   /* of so many frames */
	pfn_t first; /* of a whole leaf that holds nothing */
	uint64_t had[GUEST_P2M_PER_PAGE];
};

#define HOLE_RUN (UINT64_C(2) * GUEST_P2M_PER_PAGE)

/* Frames that the P2M forgets, though they are still there. */
static void hole_new(struct hole *h, struct rig *r, enum guest_p2m_kind kind)
{
	struct guest *g = r->g;
	vaddr_t at = vaddr(r->free_va.v + (UINT64_C(1) << 39));

	bench_new(&h->b, r);
	bench_reset(&h->b);
	assert_int_equal(guest_alloc_frames(g, HOLE_RUN, &h->run), 0);
	h->first = pfn((h->run.v + GUEST_P2M_PER_PAGE - 1) & ~UINT64_C(511));
	assert_int_equal(guest_p2m_build(g, GUEST_P2M_TREE, vaddr(0)), 0);
	guest_p2m_get_many(g, h->first, h->had, GUEST_P2M_PER_PAGE);
	for (unsigned int i = 0; i < GUEST_P2M_PER_PAGE; i++) {
		assert_int_equal(guest_p2m_set(g, pfn_add(h->first, i),
					       MFN_INVALID),
				 0);
	}
	assert_int_equal(guest_p2m_build(g, kind, at), 0);
}

static void in_both_forms(rig_body *body)
{
	static const enum guest_p2m_kind kind[] = {GUEST_P2M_TREE,
						   GUEST_P2M_LINEAR};

	for (unsigned int i = 0; i < 2; i++) {
		const struct rig_options o = {
			.world = RIG_XEN,
			.keep = TLB_KEEP_ALL,
			.stage = RIG_RUN_TIME,
			.argument = &kind[i],
		};

		rig_run(&o, body);
	}
}

static void fill_hole(struct rig *r)
{
	const enum guest_p2m_kind *kind = r->argument;
	struct guest *g = r->g;
	struct guest_batch_error e;
	struct hole h;
	uint64_t frames;

	hole_new(&h, r, *kind);
	frames = g->p2m.nr_frames;
	/* All before it and after it is recorded, and itself. */
	guest_batch_m2p(g, h.b.frame[0], h.b.behind[1]);
	guest_batch_m2p(g, h.first, mfn(h.had[0]));
	guest_batch_m2p(g, h.b.frame[1], h.b.behind[0]);
	guest_batch_entry(g, bench_maddr(&h.b, 3), bench_good(&h.b, 3));
	assert_int_equal(guest_batch_flush(g, &e), 0);
	assert_int_equal(e.nr_refused, 0);
	assert_int_equal(g->p2m.nr_frames, frames + 1);
	assert_int_equal(guest_p2m_get(g, h.first).v, h.had[0]);
	assert_int_equal(rig_m2p(r, h.b.behind[1]), h.b.frame[0].v);
	assert_int_equal(rig_m2p(r, h.b.behind[0]), h.b.frame[1].v);
	assert_int_equal(guest_p2m_get(g, h.b.frame[0]).v, h.b.behind[1].v);
	assert_int_equal(guest_p2m_get(g, h.b.frame[1]).v, h.b.behind[0].v);
	assert_true(rig_entry(r, bench_slot(&h.b, 3)) != 0);
	bench_reset(&h.b);
}

static void a_missing_leaf_loses_no_record_of_the_batch(void **state)
{
	(void)state;
	in_both_forms(fill_hole);
}

/* No frame for the leaf: then the hypervisor is not asked either. */
static void no_leaf(struct rig *r)
{
	const enum guest_p2m_kind *kind = r->argument;
	struct guest *g = r->g;
	struct guest_batch_error e;
	struct hole h;

	hole_new(&h, r, *kind);
	r->s->mmu.m2p[h.had[0]] = INVALID_FRAME; /* to see whether it is set */
	rig_leave_free(r, 0);
	guest_batch_m2p(g, h.b.frame[0], h.b.behind[1]);
	guest_batch_m2p(g, h.first, mfn(h.had[0]));
	guest_batch_m2p(g, h.b.frame[1], h.b.behind[0]);
	assert_int_equal(guest_batch_flush(g, &e), -XEN_ENOMEM);
	assert_int_equal(e.nr_refused, 1);
	assert_int_equal(e.request.kind, GUEST_BATCH_M2P);
	assert_int_equal(e.request.where, h.first.v);
	assert_int_equal(e.request.result, -XEN_ENOMEM);
	rig_all_free(r);
	assert_int_equal(rig_m2p(r, mfn(h.had[0])), INVALID_FRAME);
	assert_int_equal(guest_p2m_get(g, h.first).v, INVALID_FRAME);
	assert_int_equal(guest_p2m_get(g, h.b.frame[0]).v, h.b.behind[1].v);
	assert_int_equal(guest_p2m_get(g, h.b.frame[1]).v, h.b.behind[0].v);
	/* Nor beyond what the P2M covers. */
	guest_batch_m2p(g, pfn(g->p2m.nr), mfn(h.had[0]));
	assert_int_equal(guest_batch_flush(g, &e), -XEN_EINVAL);
	assert_int_equal(e.request.where, g->p2m.nr);
	assert_int_equal(rig_m2p(r, mfn(h.had[0])), INVALID_FRAME);
	bench_reset(&h.b);
}

static void what_the_p2m_cannot_record_is_not_asked_for(void **state)
{
	(void)state;
	in_both_forms(no_leaf);
}

/* guest_p2m_reserve needs a leaf while something bad is queued. */
static void leaf_while_queued(struct rig *r)
{
	const enum guest_p2m_kind *kind = r->argument;
	struct guest *g = r->g;
	struct hole h;

	hole_new(&h, r, *kind);
	guest_batch_entry(g, bench_maddr(&h.b, 2), bench_bad(&h.b));
	assert_int_equal(guest_p2m_set(g, h.first, mfn(h.had[0])), -XEN_ENOENT);
	assert_int_equal(guest_p2m_reserve(g, h.first), 0);
	assert_int_equal(guest_p2m_set(g, h.first, mfn(h.had[0])), 0);
	assert_int_equal(guest_p2m_get(g, h.first).v, h.had[0]);
	/* The refusal is still to be told. */
	assert_int_equal(guest_batch_flush(g, NULL), -XEN_EBUSY);
	assert_int_equal(guest_p2m_get(g, h.first).v, h.had[0]);
}

static void a_refusal_that_was_queued_does_not_spoil_a_leaf(void **state)
{
	(void)state;
	in_both_forms(leaf_while_queued);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_root_on_record_is_the_one_that_is_loaded),
		cmocka_unit_test(a_missing_leaf_loses_no_record_of_the_batch),
		cmocka_unit_test(what_the_p2m_cannot_record_is_not_asked_for),
		cmocka_unit_test(
			a_refusal_that_was_queued_does_not_spoil_a_leaf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
