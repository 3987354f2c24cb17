/* SPDX-License-Identifier: MIT */
/*
 * Single pages mapped and unmapped, with the tables that takes, against a
 * plain list of what should be mapped; with memory running out at each table;
 * and the addresses at which frames are reached before and after the direct
 * map is there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pagewarden/port.h"
#include "sim/sim.h"
#include "tests/unit/support/rig.h"

#define PLACES 24
#define FRAMES 6
#define STEPS 300

struct list {
	struct rig *r;
	struct guest_space *space;
	pfn_t frame[FRAMES];
	vaddr_t va[PLACES];
	unsigned int holds[PLACES]; /* frame's number plus 1; 0: nothing */
};

static uint64_t value_of(pfn_t frame)
{
	return ~frame.v << 8;
}

/* Neighbours, and places that share fewer and fewer tables. */
static void list_new(struct list *l, struct rig *r, struct guest_space *space)
{
	const struct guest_geometry *s = r->config.geometry;

	*l = (struct list){.r = r, .space = space};
	for (unsigned int i = 0; i < FRAMES; i++) {
		l->frame[i] = rig_frame(r);
		guest_port_store64(r->g, guest_direct_va(r->g, l->frame[i]),
				   value_of(l->frame[i]));
	}
	for (unsigned int i = 0; i < PLACES; i++) {
		unsigned int level = 1 + i % s->levels;
		uint64_t far =
			guest_geometry_span(s, level) * (i / s->levels + 1);

		/* Of a root of four entries there are not many to share. */
		if (level == s->levels && s->level[level].nr_entries == 4) {
			far = guest_geometry_span(s, 1) * (100 + i);
		}
		l->va[i] = vaddr_add(r->free_va, far);
	}
}

static uint64_t place_entry(const struct list *l, unsigned int i)
{
	struct guest_slot slot;
	pte_t e;
	int error = guest_lookup(l->r->g, l->space->root, l->va[i], &slot, &e);

	assert_int_equal(error, l->holds[i] != 0 ? 0 : -XEN_ENOENT);
	return error == 0 ? rig_entry(l->r, slot) : 0;
}

static void check_place(const struct list *l, unsigned int i)
{
	uint64_t e = place_entry(l, i);
	pfn_t frame;

	if (l->holds[i] == 0) {
		return;
	}
	frame = l->frame[l->holds[i] - 1];
	assert_int_equal(pte_mfn(pte(e)).v, rig_behind(l->r, frame).v);
	assert_int_equal(e & PTE_RW, l->holds[i] % 2 != 0 ? PTE_RW : 0);
	if (pfn_eq(l->space->root, l->r->g->kernel.root)) {
		assert_int_equal(guest_port_load64(l->r->g, l->va[i]),
				 value_of(frame));
	}
}

static void map(struct list *l, unsigned int i, unsigned int frame)
{
	bool had = l->holds[i] != 0;

	assert_int_equal(guest_map(l->r->g, l->space, l->va[i], l->frame[frame],
				   frame % 2 == 0 ? RIG_RW : RIG_RO),
			 had ? -XEN_EEXIST : 0);
	if (!had) {
		l->holds[i] = frame + 1;
	}
}

static void unmap(struct list *l, unsigned int i)
{
	bool had = l->holds[i] != 0;

	assert_int_equal(guest_unmap(l->r->g, l->space, l->va[i]),
			 had ? 0 : -XEN_ENOENT);
	l->holds[i] = 0;
}

static void any_order(struct list *l)
{
	struct sim_random random = sim_random_seed(9);

	for (unsigned int n = 0; n < STEPS; n++) {
		unsigned int i =
			(unsigned int)sim_random_below(&random, PLACES);
		unsigned int frame =
			(unsigned int)sim_random_below(&random, FRAMES);

		if (sim_random_below(&random, 2) != 0) {
			map(l, i, frame);
		} else {
			unmap(l, i);
		}
		if (sim_random_below(&random, 4) == 0) {
			assert_int_equal(guest_flush(l->r->g), 0);
			check_place(l, i);
		}
	}
	assert_int_equal(guest_flush(l->r->g), 0);
	for (unsigned int i = 0; i < PLACES; i++) {
		check_place(l, i);
	}
	/* An unmapped page is gone from the TLB without more being asked. */
	assert_int_equal(l->r->s->stats.stale_uses, 0);
}

static void map_kernel(struct rig *r)
{
	struct list l;

	list_new(&l, r, &r->g->kernel);
	any_order(&l);
}

static void what_is_mapped_is_what_was_asked_in_any_order(void **state)
{
	(void)state;
	rig_run_all(TLB_KEEP_ALL, map_kernel);
	for (uint64_t every = 0; every <= 2; every++) {
		const struct rig_options o = {
			.world = RIG_XEN,
			.keep = TLB_KEEP_ALL,
			.stage = every == 0 ? RIG_MAPPED : RIG_RUN_TIME,
			.preempt = every,
		};

		rig_run(&o, map_kernel);
	}
}

static void map_unpinned(struct rig *r)
{
	struct guest_space space = {.root = rig_frame(r), .end_slot = 512};
	uint64_t hypercalls = r->g->stats.hypercalls;
	struct list l;

	list_new(&l, r, &space);
	any_order(&l);
	/* Nobody but the library itself has to do with it. */
	assert_int_equal(r->g->stats.hypercalls, hypercalls);
}

static void a_space_that_is_not_pinned_is_filled_without_a_hypercall(
	void **state)
{
	(void)state;
	rig_run_all(TLB_KEEP_ALL, map_unpinned);
}

/* --- no memory
 * ----------------------------------------------------------------- */

/* With ever more frames; the tables that were made on the way stay. */
static void map_with_little(struct rig *r)
{
	struct guest *g = r->g;
	pfn_t frame = rig_frame(r);
	/* Of a 32-bit guest's root the L2 tables are there. */
	unsigned int there = r->world == RIG_XEN_PAE ? 1 : 0;
	unsigned int tables = r->config.geometry->levels - 1 - there;
	struct rig_snapshot before;
	struct guest_slot slot;
	pte_t e;

	assert_int_equal(guest_lookup(g, g->kernel.root, r->free_va, &slot, &e),
			 -XEN_ENOENT);
	assert_int_equal(slot.level, r->config.geometry->levels - there);
	for (unsigned int nr = 0; nr < tables; nr++) {
		before = rig_snapshot(r);
		rig_leave_free(r, 0);
		assert_int_equal(guest_map(g, &g->kernel, r->free_va, frame,
					   RIG_RW),
				 -XEN_ENOMEM);
		assert_int_equal(guest_flush(g), 0);
		rig_all_free(r);
		assert_true(rig_same(r, &before));
		rig_leave_free(r, 1);
		assert_int_equal(guest_map(g, &g->kernel, r->free_va, frame,
					   RIG_RW),
				 nr == tables - 1 ? 0 : -XEN_ENOMEM);
		assert_int_equal(guest_flush(g), 0);
		/* One more table is there, and in use. */
		assert_int_equal(rig_nr_free(r), 0);
		rig_all_free(r);
		assert_int_equal(rig_nr_free(r), before.nr_free - 1);
		assert_int_equal(guest_lookup(g, g->kernel.root, r->free_va,
					      &slot, &e),
				 nr == tables - 1 ? 0 : -XEN_ENOENT);
		assert_int_equal(slot.level, tables - nr);
		assert_true(!rig_xen(r) || rig_is_table(r, slot.table));
		rig_forget(&before);
	}
	assert_int_equal(pte_mfn(pte(rig_leaf(r, r->free_va))).v,
			 rig_behind(r, frame).v);
}

static void a_map_without_memory_for_a_table_loses_none(void **state)
{
	(void)state;
	rig_run_all(TLB_KEEP_ALL, map_with_little);
}

static void map_refused(struct rig *r)
{
	struct guest *g = r->g;
	struct rig_snapshot before = rig_snapshot(r);

	/* Writable, a table: the tables for it were made, and stay. */
	assert_int_equal(guest_map(g, &g->kernel, r->free_va, g->kernel.root,
				   RIG_RW),
			 g->ops->queue ? 0 : -XEN_EBUSY);
	assert_int_equal(guest_flush(g), g->ops->queue ? -XEN_EBUSY : 0);
	assert_int_equal(rig_leaf(r, r->free_va), 0);
	assert_int_equal(rig_nr_free(r), before.nr_free - 3);
	assert_true(rig_typed(r, g->kernel.root, FRAME_L4, 2));
	rig_forget(&before);
	/* A table for the hypervisor's part is not even taken. */
	before = rig_snapshot(r);
	assert_int_equal(guest_map(g, &g->kernel,
				   vaddr(UINT64_C(0xffff800000000000)),
				   pfn(RIG_TEXT_END), RIG_RO),
			 -XEN_EINVAL);
	assert_int_equal(guest_flush(g), 0);
	assert_true(rig_same(r, &before));
	/* Read-only it can be. */
	assert_int_equal(guest_map(g, &g->kernel, r->free_va, g->kernel.root,
				   RIG_RO),
			 0);
	assert_int_equal(guest_flush(g), 0);
	assert_true(rig_leaf(r, r->free_va) != 0);
	assert_true(rig_typed(r, g->kernel.root, FRAME_L4, 2));
	rig_forget(&before);
}

static void a_table_is_mapped_read_only_or_not_at_all(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		const struct rig_options o = {
			.world = RIG_XEN,
			.keep = TLB_KEEP_ALL,
			.stage = i == 0 ? RIG_MAPPED : RIG_RUN_TIME,
		};

		rig_run(&o, map_refused);
	}
}

/* --- reaching a frame
 * ------------------------------------------------------------- */

/* Many frames, through few windows: each shows what it should. */
static void reach(struct rig *r)
{
	struct guest *g = r->g;
	struct sim_random random = sim_random_seed(4);
	uint64_t first = g->boot.mapped_end.v + 8;
	uint64_t last = RIG_PAGES - 64;
	unsigned int reached = 0;
	vaddr_t va;

	assert_true(last > first + 100);
	for (unsigned int i = 0; i < STEPS; i++) {
		pfn_t frame = pfn(first + sim_random_below(&random, 12) * 7);
		bool write = sim_random_below(&random, 2) != 0;
		uint64_t *data = frame_data(&r->s->mmu, rig_behind(r, frame));

		if (guest_memblock_is_reserved(&g->memblock, frame)) {
			continue; /* the builder's P2M and its tables */
		}
		reached++;
		assert_int_equal(guest_frame_va(g, frame, write, &va), 0);
		assert_int_equal(guest_port_load64(g, va), data[0]);
		if (write) {
			guest_port_store64(g, va, sim_random_next(&random));
			assert_int_equal(guest_port_load64(g, va), data[0]);
		}
	}
	assert_true(reached > STEPS / 2);
	assert_int_equal(r->s->stats.stale_uses, 0);
	assert_int_equal(guest_frame_va(g, pfn(RIG_PAGES), false, &va),
			 -XEN_EINVAL);
}

static void a_frame_is_reached_by_window_or_mapping(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3 * RIG_WORLDS; i++) {
		static const enum rig_stage stage[] = {RIG_OWN_TABLES,
						       RIG_MAPPED,
						       RIG_RUN_TIME};
		const struct rig_options o = {
			.world = (enum rig_world)(i / 3),
			.keep = TLB_KEEP_ALL,
			.stage = stage[i % 3],
		};

		rig_run(&o, reach);
	}
}

static void not_there(struct rig *r)
{
	struct guest *g = r->g;
	pfn_t frame = rig_frame(r);
	struct guest_slot slot = {1, frame, 3};
	vaddr_t va;

	assert_int_equal(guest_frame_va(g, frame, true, &va), 0);
	assert_int_equal(guest_give_frame(g, frame), 0);
	assert_int_equal(guest_frame_va(g, frame, true, &va), -XEN_EINVAL);
	assert_int_equal(guest_frame_va(g, frame, false, &va), -XEN_EINVAL);
	assert_int_equal(guest_store_entry(g, slot, pte(0)), -XEN_EINVAL);
	assert_int_equal(guest_take_frame(g, frame), 0);
	assert_int_equal(guest_frame_va(g, frame, false, &va), 0);
	/* A table can be read, but not written. */
	assert_int_equal(guest_frame_va(g, g->kernel.root, false, &va), 0);
	assert_int_equal(guest_frame_va(g, g->kernel.root, true, &va),
			 -XEN_EINVAL);
}

static void a_frame_that_is_not_there_has_no_address(void **state)
{
	(void)state;
	rig_run_in(RIG_XEN, TLB_KEEP_ALL, not_there);
}

/* A space made before the direct map: only windows have shown its tables. */
static void pin_behind_windows(struct rig *r)
{
	struct guest *g = r->g;
	struct guest_space space = {.end_slot = PT_ENTRIES};
	pfn_t end = guest_memblock_end(&g->memblock);
	vaddr_t at = vaddr(UINT64_C(0x7f1234567000));
	struct guest_slot slot;
	vaddr_t va;
	pte_t e;

	assert_int_equal(guest_memblock_alloc(&g->memblock, pfn(0), end, 1, 1,
					      GUEST_MEMBLOCK_HIGH, &space.root),
			 0);
	assert_int_equal(guest_frame_va(g, space.root, true, &va), 0);
	guest_port_clear_page(g, va);
	assert_int_equal(guest_map(g, &space, at, pfn(RIG_TEXT_END), RIG_RW),
			 0);
	for (unsigned int i = 0; i < 2; i++) {
		/* Shown writable again. */
		assert_int_equal(guest_frame_va(g, space.root, true, &va), 0);
		guest_port_store64(g, va, 0);
		assert_int_equal(guest_pin_space(g, &space), 0);
		assert_int_equal(guest_frame_va(g, space.root, true, &va),
				 -XEN_EINVAL);
		assert_int_equal(guest_lookup(g, space.root, at, &slot, &e), 0);
		assert_true(rig_typed(r, slot.table, FRAME_L1, 1));
		assert_true(rig_pinned(r, space.root));
		assert_int_equal(guest_unpin_space(g, &space), 0);
		assert_true(rig_typed(r, space.root, FRAME_L4, 0));
	}
}

static void a_space_is_pinned_though_windows_have_shown_its_tables(void **state)
{
	const struct rig_options o = {
		.world = RIG_XEN,
		.keep = TLB_KEEP_ALL,
		.stage = RIG_OWN_TABLES,
	};

	(void)state;
	rig_run(&o, pin_behind_windows);
}

/* --- one table ---------------------------------------------------------------
 */

static void give_and_take(struct rig *r)
{
	struct guest *g = r->g;

	for (unsigned int level = 1; level <= r->config.geometry->levels;
	     level++) {
		pfn_t frame = rig_frame(r);
		struct rig_snapshot before = {.nr = 0};

		if (!rig_xen(r)) {
			assert_int_equal(guest_alloc_table(g, level, frame), 0);
			assert_true((rig_direct(r, frame) & PTE_RW) != 0);
			assert_int_equal(guest_release_table(g, level, frame),
					 0);
			continue;
		}
		before = rig_snapshot(r);
		assert_int_equal(guest_alloc_table(g, level, frame), 0);
		assert_int_equal(guest_flush(g), 0);
		assert_int_equal(rig_direct(r, frame) & PTE_RW, 0);
		assert_int_equal(rig_pinned(r, frame), level == 1);
		assert_true(rig_typed(r, frame, FRAME_L1, level == 1));
		assert_int_equal(guest_release_table(g, level, frame), 0);
		assert_int_equal(guest_flush(g), 0);
		assert_true(rig_same(r, &before));
		rig_forget(&before);
	}
}

static void a_table_is_read_only_while_it_is_given(void **state)
{
	(void)state;
	rig_run_all(TLB_KEEP_ALL, give_and_take);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_mapped_is_what_was_asked_in_any_order),
		cmocka_unit_test(
			a_space_that_is_not_pinned_is_filled_without_a_hypercall),
		cmocka_unit_test(a_map_without_memory_for_a_table_loses_none),
		cmocka_unit_test(a_table_is_mapped_read_only_or_not_at_all),
		cmocka_unit_test(a_frame_is_reached_by_window_or_mapping),
		cmocka_unit_test(a_frame_that_is_not_there_has_no_address),
		cmocka_unit_test(
			a_space_is_pinned_though_windows_have_shown_its_tables),
		cmocka_unit_test(a_table_is_read_only_while_it_is_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
