/* SPDX-License-Identifier: MIT */
/*
 * The P2M in all its forms against a plain array: random sets and gets,
 * rebuilding from any form to any other, and what each form takes of memory,
 * down to the last frame, with every allocation failing once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "sim/sim.h"
#include "tests/unit/support/rig.h"

/* More than one mid page covers, and an incomplete leaf at the end. */
#define BIG_PAGES (UINT64_C(512) * 512 + 3 * GUEST_P2M_PER_PAGE + 77)
#define BIG_RAM (UINT64_C(48) << 8)
#define STEPS 400

/* A naive P2M, and where the linear ones of a test may be. */
struct naive {
	struct rig *r;
	struct sim_random random;
	uint64_t nr;
	uint64_t *mfn;
};

static struct naive naive_new(struct rig *r, uint64_t seed)
{
	struct naive n = {
		.r = r,
		.random = sim_random_seed(seed),
		.nr = r->g->p2m.nr,
	};

	n.mfn = calloc(n.nr, sizeof(n.mfn[0]));
	assert_non_null(n.mfn);
	for (uint64_t i = 0; i < n.nr; i++) {
		n.mfn[i] = guest_p2m_get(r->g, pfn(i)).v;
	}
	return n;
}

static void compare_all(const struct naive *n)
{
	struct guest *g = n->r->g;

	for (uint64_t i = 0; i < n->nr; i++) {
		if (guest_p2m_get(g, pfn(i)).v != n->mfn[i]) {
			fail_msg("kind %u, pfn %llx: %llx, not %llx",
				 g->p2m.kind, (unsigned long long)i,
				 (unsigned long long)guest_p2m_get(g, pfn(i)).v,
				 (unsigned long long)n->mfn[i]);
		}
	}
	assert_int_equal(guest_p2m_get(g, pfn(n->nr)).v, INVALID_FRAME);
}

static vaddr_t linear_at(unsigned int i)
{
	/* But for the first, not where a table begins. */
	return vaddr(UINT64_C(0xffffb00000000000) + ((uint64_t)i << 40) +
		     i * UINT64_C(0x1ff000));
}

/* Leaves, mids and tops that a form of it needs when it is built. */
static uint64_t frames_needed(const struct naive *n, enum guest_p2m_kind kind)
{
	uint64_t leaves = 0;
	uint64_t mids = 0;
	uint64_t last_leaf = UINT64_MAX;
	uint64_t last_mid = UINT64_MAX;

	for (uint64_t i = 0; i < n->nr; i++) {
		if (n->mfn[i] == INVALID_FRAME) {
			continue;
		}
		if (i / GUEST_P2M_PER_PAGE != last_leaf) {
			last_leaf = i / GUEST_P2M_PER_PAGE;
			leaves++;
		}
		if (i / GUEST_P2M_PER_PAGE / GUEST_P2M_PER_PAGE != last_mid) {
			last_mid = i / GUEST_P2M_PER_PAGE / GUEST_P2M_PER_PAGE;
			mids++;
		}
	}
	/* The shared leaf; for a tree the shared mid and one top page too. */
	return kind == GUEST_P2M_TREE ? leaves + mids + 3 : leaves + 1;
}

/* Somewhere in what the allocator does not use; often near an edge. */
static uint64_t some_pfn(struct naive *n)
{
	const uint64_t edge[] = {BIG_RAM, UINT64_C(512) * 512, n->nr,
				 BIG_RAM + UINT64_C(20) * GUEST_P2M_PER_PAGE};
	uint64_t near = edge[sim_random_below(&n->random, 4)];
	uint64_t at = near + sim_random_below(&n->random, 40);

	at = at >= 20 + BIG_RAM ? at - 20 : BIG_RAM;
	return at < n->nr ? at : n->nr - 1;
}

static void set_one(struct naive *n, uint64_t i, uint64_t to)
{
	if (to != INVALID_FRAME) {
		assert_int_equal(guest_p2m_reserve(n->r->g, pfn(i)), 0);
	}
	assert_int_equal(guest_p2m_set(n->r->g, pfn(i), mfn(to)), 0);
	n->mfn[i] = to;
}

static void get_many(struct naive *n)
{
	static uint64_t got[2 * GUEST_P2M_PER_PAGE];
	uint64_t at = some_pfn(n);
	unsigned int nr =
		(unsigned int)sim_random_below(&n->random,
					       sizeof(got) / sizeof(got[0]));

	guest_p2m_get_many(n->r->g, pfn(at), got, nr);
	for (unsigned int i = 0; i < nr; i++) {
		assert_int_equal(got[i], at + i < n->nr ? n->mfn[at + i]
							: INVALID_FRAME);
	}
}

/* A whole leaf, or what there is of the last. */
static void forget_leaf(struct naive *n)
{
	uint64_t first = some_pfn(n) & ~UINT64_C(511);

	for (uint64_t i = first; i < first + GUEST_P2M_PER_PAGE && i < n->nr;
	     i++) {
		set_one(n, i, INVALID_FRAME);
	}
}

static void rebuild(struct naive *n)
{
	enum guest_p2m_kind kind = sim_random_below(&n->random, 2) != 0
					   ? GUEST_P2M_TREE
					   : GUEST_P2M_LINEAR;
	struct guest *g = n->r->g;
	unsigned int where = (unsigned int)sim_random_below(&n->random, 3);

	/* Not where it is already. */
	while (g->p2m.kind == GUEST_P2M_LINEAR &&
	       g->p2m.list.v == linear_at(where).v) {
		where = (where + 1) % 3;
	}
	assert_int_equal(guest_p2m_build(g, kind, linear_at(where)), 0);
	assert_int_equal(g->p2m.kind, kind);
	assert_int_equal(g->p2m.nr_frames, frames_needed(n, kind));
}

/* The builder's list has to say the same from then on. */
static void tear_down(struct naive *n)
{
	struct guest *g = n->r->g;
	/* Read first: the kind is another afterwards. */
	int expected = g->p2m.kind == GUEST_P2M_LIST ? -XEN_EINVAL : 0;

	assert_int_equal(guest_p2m_teardown(g), expected);
	compare_all(n);
}

static void step(struct naive *n)
{
	uint64_t at = some_pfn(n);
	struct guest *g = n->r->g;

	switch (sim_random_below(&n->random, 40)) {
	case 0:
		forget_leaf(n);
		break;
	case 1:
		rebuild(n);
		break;
	case 2:
		tear_down(n);
		break;
	case 3:
		assert_int_equal(guest_p2m_set(g, pfn(n->nr), mfn(1)),
				 -XEN_EINVAL);
		break;
	case 4:
	case 5:
	case 6:
	case 7:
		set_one(n, at, INVALID_FRAME);
		break;
	case 8:
	case 9:
	case 10:
		get_many(n);
		break;
	default:
		if (sim_random_below(&n->random, 2) != 0) {
			set_one(n, at, sim_random_below(&n->random, 1 << 30));
		}
		assert_int_equal(guest_p2m_get(g, pfn(at)).v, n->mfn[at]);
		break;
	}
}

static void random_steps(struct rig *r)
{
	const uint64_t *seed = r->argument;
	struct naive n = naive_new(r, *seed);
	uint64_t free_before = rig_nr_free(r);

	for (unsigned int i = 0; i < STEPS; i++) {
		step(&n);
	}
	compare_all(&n);
	rebuild(&n);
	compare_all(&n);
	assert_int_equal(guest_p2m_teardown(r->g), 0);
	compare_all(&n);
	assert_int_equal(rig_nr_free(r), free_before);
	free(n.mfn);
}

static void any_form_says_what_a_plain_array_says(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		const struct rig_options o = {
			.world = RIG_XEN,
			.keep = TLB_KEEP_ALL,
			.stage = RIG_RUN_TIME,
			.pages = BIG_PAGES,
			.ram = BIG_RAM,
			.no_check = true,
			.argument = &seed,
		};

		rig_run(&o, random_steps);
	}
}

/* All of what one mid page covers is not there. */
static void absent_stretch(struct rig *r)
{
	uint64_t per_mid = (uint64_t)GUEST_P2M_PER_PAGE * GUEST_P2M_PER_PAGE;
	struct naive n = naive_new(r, 1);
	uint64_t frames;

	for (uint64_t i = per_mid; i < n.nr; i++) {
		set_one(&n, i, INVALID_FRAME);
	}
	assert_int_equal(guest_p2m_build(r->g, GUEST_P2M_TREE, vaddr(0)), 0);
	frames = r->g->p2m.nr_frames;
	assert_int_equal(frames, frames_needed(&n, GUEST_P2M_TREE));
	compare_all(&n);
	/* No memory at all; then for the mid page, but not for the leaf. */
	rig_leave_free(r, 0);
	assert_int_equal(guest_p2m_set(r->g, pfn(per_mid + 5), mfn(9)),
			 -XEN_ENOENT);
	assert_int_equal(guest_p2m_reserve(r->g, pfn(per_mid + 5)),
			 -XEN_ENOMEM);
	assert_int_equal(r->g->p2m.nr_frames, frames);
	rig_all_free(r);
	rig_leave_free(r, 1);
	assert_int_equal(guest_p2m_reserve(r->g, pfn(per_mid + 5)),
			 -XEN_ENOMEM);
	assert_int_equal(r->g->p2m.nr_frames + rig_nr_free(r), frames + 1);
	compare_all(&n);
	assert_int_equal(guest_p2m_set(r->g, pfn(per_mid + 5), MFN_INVALID), 0);
	free(n.mfn);
}

static void an_absent_stretch_takes_one_page_of_a_tree(void **state)
{
	const struct rig_options o = {
		.world = RIG_XEN,
		.keep = TLB_KEEP_ALL,
		.stage = RIG_RUN_TIME,
		.pages = BIG_PAGES,
		.ram = BIG_RAM,
		.no_check = true,
	};

	(void)state;
	rig_run(&o, absent_stretch);
}

/* --- every allocation fails once -------------------------------------------
 */

static void same_p2m(const struct guest_p2m *a, const struct guest_p2m *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->nr, b->nr);
	assert_int_equal(a->list.v, b->list.v);
	assert_int_equal(a->top.v, b->top.v);
	assert_int_equal(a->missing_leaf.v, b->missing_leaf.v);
	assert_int_equal(a->missing_mid.v, b->missing_mid.v);
	assert_int_equal(a->nr_mapped, b->nr_mapped);
	assert_int_equal(a->nr_frames, b->nr_frames);
}

struct plan {
	enum guest_p2m_kind from;
	enum guest_p2m_kind to;
};

static void begin(struct rig *r, enum guest_p2m_kind kind)
{
	if (kind != GUEST_P2M_LIST) {
		assert_int_equal(guest_p2m_build(r->g, kind, linear_at(0)), 0);
	}
}

/* With ever more memory, until it is enough; returns how much that is. */
static uint64_t build_with_little(struct rig *r, const struct naive *n,
				  enum guest_p2m_kind to)
{
	struct rig_snapshot before = rig_snapshot(r);
	struct guest *g = r->g;
	struct guest_p2m old = g->p2m;
	uint64_t nr;
	int error;

	for (nr = 0;; nr++) {
		rig_leave_free(r, nr);
		error = guest_p2m_build(g, to, linear_at(1));
		if (error == 0) {
			break;
		}
		assert_int_equal(error, -XEN_ENOMEM);
		assert_int_equal(rig_nr_free(r), nr);
		rig_all_free(r);
		assert_true(rig_same(r, &before));
		same_p2m(&g->p2m, &old);
		compare_all(n);
	}
	rig_all_free(r);
	compare_all(n);
	rig_forget(&before);
	return nr;
}

static void fail_each_allocation(struct rig *r)
{
	const struct plan *plan = r->argument;
	struct naive n = naive_new(r, 1);
	struct rig_snapshot start = rig_snapshot(r);
	uint64_t needed;
	uint64_t tables;

	begin(r, plan->from);
	needed = build_with_little(r, &n, plan->to);
	/* A linear one needs tables too; it lies across two L1. */
	tables = plan->to == GUEST_P2M_LINEAR ? 4 : 0;
	assert_int_equal(r->g->p2m.nr_frames, frames_needed(&n, plan->to));
	assert_int_equal(needed, r->g->p2m.nr_frames + tables);
	assert_int_equal(guest_p2m_teardown(r->g), 0);
	assert_true(rig_same(r, &start));
	compare_all(&n);
	assert_true(rig_p2m_true(r));
	rig_forget(&start);
	free(n.mfn);
}

static void without_memory_the_old_one_stays_and_no_frame_is_lost(void **state)
{
	static const struct plan plan[] = {
		{GUEST_P2M_LIST, GUEST_P2M_TREE},
		{GUEST_P2M_LIST, GUEST_P2M_LINEAR},
		{GUEST_P2M_TREE, GUEST_P2M_TREE},
		{GUEST_P2M_TREE, GUEST_P2M_LINEAR},
		{GUEST_P2M_LINEAR, GUEST_P2M_TREE},
		{GUEST_P2M_LINEAR, GUEST_P2M_LINEAR},
	};
	static const enum rig_stage stage[] = {RIG_MAPPED, RIG_RUN_TIME};

	(void)state;
	for (unsigned int i = 0; i < 2 * sizeof(plan) / sizeof(plan[0]); i++) {
		const struct rig_options o = {
			.world = RIG_XEN,
			.keep = TLB_KEEP_ALL,
			.stage = stage[i % 2],
			.preempt = i % 3,
			.argument = &plan[i / 2],
		};

		rig_run(&o, fail_each_allocation);
	}
}

struct obstacle {
	enum guest_p2m_kind from;
	uint64_t page; /* of the linear one that is to be built */
};

/* A page of where the linear P2M should be is taken by another. */
static void in_the_way(struct rig *r)
{
	const struct obstacle *o = r->argument;
	vaddr_t at = vaddr_add(linear_at(1), o->page << PAGE_SHIFT);
	struct naive n = naive_new(r, 1);
	struct rig_snapshot before;
	struct guest_p2m old;

	begin(r, o->from);
	assert_int_equal(guest_map(r->g, &r->g->kernel, at, rig_frame(r),
				   RIG_RW),
			 0);
	assert_int_equal(guest_flush(r->g), 0);
	before = rig_snapshot(r);
	old = r->g->p2m;
	assert_int_equal(guest_p2m_build(r->g, GUEST_P2M_LINEAR, linear_at(1)),
			 -XEN_EEXIST);
	assert_true(rig_same(r, &before));
	same_p2m(&r->g->p2m, &old);
	/* Nor in the hypervisor's slots, which refuses the last step. */
	assert_int_equal(guest_p2m_build(r->g, GUEST_P2M_LINEAR,
					 vaddr(UINT64_C(0xffff800000000000))),
			 -XEN_EINVAL);
	assert_true(rig_same(r, &before));
	compare_all(&n);
	rig_forget(&before);
	free(n.mfn);
}

static void what_is_mapped_already_stays_and_so_does_the_old_one(void **state)
{
	static const enum guest_p2m_kind kind[] = {GUEST_P2M_LIST,
						   GUEST_P2M_TREE,
						   GUEST_P2M_LINEAR};

	(void)state;
	for (uint64_t i = 0; i < 3 * RIG_PAGES / GUEST_P2M_PER_PAGE; i++) {
		const struct obstacle obstacle = {kind[i % 3], i / 3};
		const struct rig_options o = {
			.world = RIG_XEN,
			.keep = TLB_KEEP_ALL,
			.stage = RIG_RUN_TIME,
			.argument = &obstacle,
		};

		rig_run(&o, in_the_way);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_form_says_what_a_plain_array_says),
		cmocka_unit_test(an_absent_stretch_takes_one_page_of_a_tree),
		cmocka_unit_test(
			without_memory_the_old_one_stays_and_no_frame_is_lost),
		cmocka_unit_test(
			what_is_mapped_already_stays_and_so_does_the_old_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
