/* SPDX-License-Identifier: MIT */
/*
 * Frames exchanged, given to the hypervisor and taken from it: whatever comes
 * of it, P2M, direct map, M2P and the engine's own records say the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pagewarden/port.h"
#include "sim/sim.h"
#include "tests/unit/support/rig.h"

#define POOL 24
#define STEPS 150
#define LINEAR UINT64_C(0xffffb00000000000)

static const enum guest_p2m_kind forms[] = {GUEST_P2M_LIST, GUEST_P2M_TREE,
					    GUEST_P2M_LINEAR};

static void in_all_forms(enum rig_stage stage, uint64_t preempt, rig_body *body)
{
	for (unsigned int i = 0; i < 3; i++) {
		const struct rig_options o = {
			.world = RIG_XEN,
			.keep = TLB_KEEP_ALL,
			.stage = stage,
			.preempt = preempt,
			.argument = &forms[i],
		};

		rig_run(&o, body);
	}
}

static void begin(struct rig *r)
{
	const enum guest_p2m_kind *kind = r->argument;

	if (*kind != GUEST_P2M_LIST) {
		assert_int_equal(guest_p2m_build(r->g, *kind, vaddr(LINEAR)),
				 0);
	}
}

/* What a frame of the direct map is mapped to, by its entry; or invalid. */
static mfn_t direct_to(const struct rig *r, pfn_t frame)
{
	uint64_t e = rig_direct(r, frame);

	return e == 0 ? MFN_INVALID : pte_mfn(pte(e));
}

static void sound(struct rig *r, pfn_t frame)
{
	mfn_t behind = rig_behind(r, frame);

	assert_int_equal(guest_p2m_get(r->g, frame).v, behind.v);
	assert_int_equal(direct_to(r, frame).v, behind.v);
	if (!mfn_eq(behind, MFN_INVALID)) {
		assert_true((rig_direct(r, frame) & PTE_RW) != 0);
		assert_int_equal(guest_p2m_find(r->g, behind).v, frame.v);
	}
}

/* --- any sequence -----------------------------------------------------------
 */

/* What the test has written to each frame; 0: nothing is there. */
struct pool {
	pfn_t frame[POOL];
	uint64_t holds[POOL];
	struct sim_random random;
};

static void put(struct rig *r, struct pool *p, unsigned int i, uint64_t value)
{
	p->holds[i] = value;
	guest_port_store64(r->g, guest_direct_va(r->g, p->frame[i]), value);
}

static void swap(struct rig *r, struct pool *p, unsigned int i, unsigned int j)
{
	bool there = p->holds[i] != 0 && p->holds[j] != 0;
	uint64_t held = p->holds[i];

	assert_int_equal(guest_swap_frames(r->g, p->frame[i], p->frame[j]),
			 there ? 0 : -XEN_EINVAL);
	if (there) {
		p->holds[i] = p->holds[j];
		p->holds[j] = held;
	}
}

static void give(struct rig *r, struct pool *p, unsigned int i)
{
	uint64_t free_before = r->s->mmu.nr_free;

	assert_int_equal(guest_give_frame(r->g, p->frame[i]),
			 p->holds[i] != 0 ? 0 : -XEN_EINVAL);
	assert_int_equal(r->s->mmu.nr_free, free_before + (p->holds[i] != 0));
	p->holds[i] = 0;
}

static void take(struct rig *r, struct pool *p, unsigned int i)
{
	bool there = p->holds[i] != 0;

	assert_int_equal(guest_take_frame(r->g, p->frame[i]),
			 there ? -XEN_EINVAL : 0);
	if (!there) {
		put(r, p, i, sim_random_next(&p->random) | 1);
	}
}

static void any_sequence(struct rig *r)
{
	struct pool p = {.random = sim_random_seed(3)};
	uint64_t given;

	begin(r);
	for (unsigned int i = 0; i < POOL; i++) {
		p.frame[i] = rig_frame(r);
		put(r, &p, i, sim_random_next(&p.random) | 1);
	}
	for (unsigned int n = 0; n < STEPS; n++) {
		unsigned int i =
			(unsigned int)sim_random_below(&p.random, POOL);
		unsigned int j =
			(unsigned int)sim_random_below(&p.random, POOL);

		switch (sim_random_below(&p.random, 4)) {
		case 0:
			give(r, &p, i);
			break;
		case 1:
			take(r, &p, i);
			break;
		default:
			swap(r, &p, i, j);
			break;
		}
		sound(r, p.frame[i]);
		sound(r, p.frame[j]);
	}
	given = 0;
	for (unsigned int i = 0; i < POOL; i++) {
		sound(r, p.frame[i]);
		given += p.holds[i] == 0;
		if (p.holds[i] != 0) {
			assert_int_equal(
				guest_port_load64(r->g,
						  guest_direct_va(r->g,
								  p.frame[i])),
				p.holds[i]);
		}
	}
	assert_int_equal(r->s->dom.nr_pages, RIG_PAGES - given);
	assert_true(rig_p2m_true(r));
	assert_int_equal(r->s->stats.stale_allowed, 0);
}

static void any_sequence_leaves_all_records_the_same(void **state)
{
	(void)state;
	in_all_forms(RIG_RUN_TIME, 0, any_sequence);
	in_all_forms(RIG_RUN_TIME, 1, any_sequence);
	in_all_forms(RIG_MAPPED, 2, any_sequence);
}

/* --- refusals ----------------------------------------------------------------
 */

/* An entry that the hypervisor refuses: a table, writable. */
static void queue_bad(struct rig *r)
{
	pfn_t scratch = rig_frame(r);

	assert_int_equal(guest_flush(r->g), 0);
	guest_batch_mapping(r->g, guest_direct_va(r->g, scratch),
			    pte_make(rig_behind(r, r->g->kernel.root), RIG_RW),
			    0);
	assert_int_equal(guest_memblock_free(&r->g->memblock, scratch,
					     pfn_add(scratch, 1)),
			 0);
}

static void refused_before(struct rig *r)
{
	struct rig_snapshot before;
	pfn_t a = rig_frame(r);
	pfn_t b = rig_frame(r);
	pfn_t none = rig_frame(r);

	begin(r);
	assert_int_equal(guest_give_frame(r->g, none), 0);
	before = rig_snapshot(r);
	queue_bad(r);
	assert_int_equal(guest_swap_frames(r->g, a, b), -XEN_EBUSY);
	assert_true(rig_same(r, &before));
	queue_bad(r);
	assert_int_equal(guest_give_frame(r->g, a), -XEN_EBUSY);
	assert_true(rig_same(r, &before));
	queue_bad(r);
	assert_int_equal(guest_take_frame(r->g, none), -XEN_EBUSY);
	assert_true(rig_same(r, &before));
	sound(r, a);
	sound(r, b);
	sound(r, none);
	/* It is said once; then all is possible. */
	assert_int_equal(guest_swap_frames(r->g, a, b), 0);
	assert_int_equal(guest_take_frame(r->g, none), 0);
	assert_int_equal(guest_give_frame(r->g, a), 0);
	sound(r, none);
	assert_true(rig_p2m_true(r));
	rig_forget(&before);
}

static void what_was_queued_and_refused_stops_a_call_before_it_begins(
	void **state)
{
	(void)state;
	in_all_forms(RIG_RUN_TIME, 0, refused_before);
}

static void tables(struct rig *r)
{
	struct guest *g = r->g;
	pfn_t a = rig_frame(r);
	pfn_t table = rig_frame(r);
	struct rig_snapshot before;

	begin(r);
	assert_int_equal(guest_alloc_table(g, 1, table), 0);
	assert_int_equal(guest_flush(g), 0);
	before = rig_snapshot(r);
	assert_int_equal(guest_swap_frames(g, a, table), -XEN_EINVAL);
	assert_int_equal(guest_swap_frames(g, table, a), -XEN_EINVAL);
	assert_int_equal(guest_give_frame(g, table), -XEN_EINVAL);
	assert_int_equal(guest_flush(g), 0);
	assert_true(rig_same(r, &before));
	sound(r, a);
	assert_int_equal(guest_p2m_get(g, table).v, rig_behind(r, table).v);
	assert_true(rig_pinned(r, table));
	rig_forget(&before);
}

static void a_frame_that_is_a_table_is_neither_exchanged_nor_given(void **state)
{
	(void)state;
	in_all_forms(RIG_RUN_TIME, 0, tables);
	in_all_forms(RIG_MAPPED, 0, tables);
}

/* At each of its copies the hypervisor fails to read the request. */
static void give_fails(struct rig *r)
{
	pfn_t a = rig_frame(r);
	struct rig_snapshot before;
	uint64_t failed = 0;
	int error = -1;

	begin(r);
	before = rig_snapshot(r);
	for (uint64_t n = 1; error != 0; n++) {
		r->s->copy_fail_after = n;
		error = guest_give_frame(r->g, a);
		if (error != 0) {
			failed++;
			assert_true(rig_same(r, &before));
			sound(r, a);
		}
	}
	r->s->copy_fail_after = 0;
	/* The reservation and its list, at least. */
	assert_true(failed >= 2);
	sound(r, a);
	assert_true(rig_p2m_true(r));
	rig_forget(&before);
}

static void what_the_hypervisor_does_not_take_back_is_mapped_again(void **state)
{
	(void)state;
	in_all_forms(RIG_RUN_TIME, 0, give_fails);
}

static void take_none(struct rig *r)
{
	pfn_t a = rig_frame(r);
	struct rig_snapshot before;

	begin(r);
	assert_int_equal(guest_give_frame(r->g, a), 0);
	before = rig_snapshot(r);
	r->s->dom.max_pages = r->s->dom.nr_pages;
	assert_int_equal(guest_take_frame(r->g, a), -XEN_ENOMEM);
	assert_true(rig_same(r, &before));
	sound(r, a);
	r->s->dom.max_pages++;
	assert_int_equal(guest_take_frame(r->g, a), 0);
	sound(r, a);
	rig_forget(&before);
}

static void a_frame_that_the_hypervisor_has_not_changes_nothing(void **state)
{
	(void)state;
	in_all_forms(RIG_RUN_TIME, 0, take_none);
}

/* --- a leaf that is not there ------------------------------------------------
 */

static void take_into_missing_leaf(struct rig *r)
{
	const enum guest_p2m_kind *kind = r->argument;
	struct guest *g = r->g;
	pfn_t run = PFN_INVALID;
	struct rig_snapshot before;
	uint64_t frames;
	pfn_t first;

	assert_int_equal(guest_alloc_frames(g, 2 * GUEST_P2M_PER_PAGE, &run),
			 0);
	first = pfn((run.v + GUEST_P2M_PER_PAGE - 1) & ~UINT64_C(511));
	for (unsigned int i = 0; i < GUEST_P2M_PER_PAGE; i++) {
		assert_int_equal(guest_give_frame(g, pfn_add(first, i)), 0);
	}
	begin(r);
	frames = g->p2m.nr_frames;
	before = rig_snapshot(r);
	rig_leave_free(r, 0);
	if (*kind != GUEST_P2M_LIST) {
		assert_int_equal(guest_take_frame(g, pfn_add(first, 7)),
				 -XEN_ENOMEM);
	}
	rig_all_free(r);
	assert_true(rig_same(r, &before));
	sound(r, pfn_add(first, 7));
	assert_int_equal(g->p2m.nr_frames, frames);
	assert_int_equal(guest_take_frame(g, pfn_add(first, 7)), 0);
	sound(r, pfn_add(first, 7));
	sound(r, pfn_add(first, 8));
	assert_int_equal(g->p2m.nr_frames, frames + (*kind != GUEST_P2M_LIST));
	assert_true(rig_p2m_true(r));
	rig_forget(&before);
}

static void no_memory_for_a_leaf_takes_nothing_from_the_hypervisor(void **state)
{
	(void)state;
	in_all_forms(RIG_RUN_TIME, 0, take_into_missing_leaf);
}

/* Where the direct map has no tables: nothing is taken, nothing kept. */
static void take_where_nothing_is(struct rig *r)
{
	struct guest *g = r->g;
	pfn_t hole = pfn(RIG_PAGES - 1);
	struct rig_snapshot before;
	uint64_t nr_pages;

	begin(r);
	assert_int_equal(guest_p2m_set(g, hole, MFN_INVALID), 0);
	before = rig_snapshot(r);
	nr_pages = r->s->dom.nr_pages;
	assert_int_equal(guest_take_frame(g, hole), -XEN_ENOENT);
	assert_int_equal(r->s->dom.nr_pages, nr_pages);
	assert_int_equal(guest_p2m_get(g, hole).v, INVALID_FRAME);
	assert_true(rig_same(r, &before));
	rig_forget(&before);
}

static void what_the_direct_map_cannot_hold_is_not_taken(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		const struct rig_options o = {
			.world = RIG_XEN,
			.keep = TLB_KEEP_ALL,
			.stage = RIG_RUN_TIME,
			.ram = RIG_PAGES / 2,
			.argument = &forms[i],
		};

		rig_run(&o, take_where_nothing_is);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_sequence_leaves_all_records_the_same),
		cmocka_unit_test(
			what_was_queued_and_refused_stops_a_call_before_it_begins),
		cmocka_unit_test(
			a_frame_that_is_a_table_is_neither_exchanged_nor_given),
		cmocka_unit_test(
			what_the_hypervisor_does_not_take_back_is_mapped_again),
		cmocka_unit_test(
			a_frame_that_the_hypervisor_has_not_changes_nothing),
		cmocka_unit_test(
			no_memory_for_a_leaf_takes_nothing_from_the_hypervisor),
		cmocka_unit_test(what_the_direct_map_cannot_hold_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
