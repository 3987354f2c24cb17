/* SPDX-License-Identifier: MIT */
/*
 * Tables and address spaces in every world: given to the hypervisor and taken
 * back, hooked and unhooked, and what is left when the hypervisor refuses a
 * step half-way: every type, pin and permission as before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pagewarden/port.h"
#include "sim/sim.h"
#include "tests/unit/support/rig.h"

static uint64_t value_of(pfn_t frame)
{
	return ~frame.v << 8;
}

/* A frame that can be told by what is in it. */
static pfn_t marked_frame(struct rig *r)
{
	pfn_t frame = rig_frame(r);

	guest_port_store64(r->g, guest_direct_va(r->g, frame), value_of(frame));
	return frame;
}

static bool direct_writable(const struct rig *r, pfn_t frame)
{
	return (rig_direct(r, frame) & PTE_RW) != 0;
}

/* --- hooks ------------------------------------------------------------------
 */

/* Tables above the L1 of free_va; returns the slot that refers to the L1. */
static struct guest_slot chain(struct rig *r)
{
	struct guest *g = r->g;
	struct guest_slot slot = {.level = r->config.geometry->levels,
				  .table = g->kernel.root};

	for (;; slot.level--) {
		slot.index = guest_geometry_index(r->config.geometry,
						  r->free_va, slot.level);
		if (slot.level == 2) {
			return slot;
		}
		if (r->world == RIG_XEN_PAE) {
			/* All L2 tables of such a root are there. */
			pte_t e = pte(rig_entry(r, slot));

			slot.table = guest_p2m_find(g, pte_mfn(e));
			continue;
		}
		assert_int_equal(rig_entry(r, slot), 0);
		{
			pfn_t child = rig_frame(r);

			assert_int_equal(guest_hook(g, slot, child), 0);
			slot.table = child;
		}
	}
}

static void hook(struct rig *r)
{
	struct guest *g = r->g;
	struct guest_slot slot = chain(r);
	struct guest_slot in_child = {.level = 1};
	pfn_t frame = marked_frame(r);
	pfn_t child = rig_frame(r);
	uint64_t faults = r->s->stats.faults;
	uint64_t flags = r->config.geometry->level[2].guest_table_flags;

	in_child.table = child;
	in_child.index =
		guest_geometry_index(r->config.geometry, r->free_va, 1);
	assert_int_equal(guest_store_entry(g, in_child,
					   guest_make_pte(g, frame, RIG_RW)),
			 0);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(guest_hook(g, slot, child), 0);
		assert_int_equal(rig_entry(r, slot) & flags, flags);
		assert_int_equal(guest_port_load64(g, r->free_va),
				 value_of(frame));
		if (rig_xen(r)) {
			assert_true(rig_typed(r, child, FRAME_L1, 2));
			assert_true(rig_pinned(r, child));
			assert_false(direct_writable(r, child));
		}
		assert_int_equal(guest_unhook(g, slot), 0);
		assert_int_equal(rig_entry(r, slot), 0);
		assert_true(direct_writable(r, child));
		assert_int_equal(guest_unhook(g, slot), -XEN_ENOENT);
		/* And the CPU has forgotten it. */
		assert_int_equal(rig_leaf(r, r->free_va), 0);
		assert_null(tlb_find(&r->s->tlb, r->free_va));
	}
	assert_int_equal(r->s->stats.faults, faults);
	assert_int_equal(r->s->stats.stale_uses, 0);
}

static void a_table_hooked_is_walked_and_unhooked_is_not(void **state)
{
	(void)state;
	rig_run_all(TLB_KEEP_ALL, hook);
}

/* --- hooks that are refused
 * ---------------------------------------------------- */

enum cause {
	WRITABLE_ELSEWHERE,
	MAPS_A_TABLE,
	PINNED_ALREADY,
	OTHER_LEVEL,
	SLOT_OF_AN_L1,
	SLOT_OF_XEN,
	CAUSES,
};

static void pin(struct rig *r, unsigned int command, pfn_t frame)
{
	assert_int_equal(guest_make_readonly(r->g, frame), 0);
	guest_batch_extended(r->g, command, rig_behind(r, frame).v);
	assert_int_equal(guest_batch_flush(r->g, NULL), 0);
}

/* What makes the hypervisor refuse; returns what it then says. */
static int prepare(struct rig *r, enum cause cause, pfn_t child,
		   struct guest_slot *slot)
{
	struct guest *g = r->g;
	struct guest_slot entry = {1, child, 5};
	vaddr_t elsewhere = vaddr_add(r->free_va, UINT64_C(1) << 39);

	switch (cause) {
	case WRITABLE_ELSEWHERE:
		assert_int_equal(guest_map(g, &g->kernel, elsewhere, child,
					   RIG_RW),
				 0);
		return -XEN_EINVAL;
	case MAPS_A_TABLE:
		assert_int_equal(
			guest_store_entry(g, entry,
					  guest_make_pte(g, g->kernel.root,
							 RIG_RW)),
			0);
		return -XEN_EBUSY;
	case PINNED_ALREADY:
		pin(r, MMUEXT_PIN_L1_TABLE, child);
		return -XEN_EINVAL;
	case OTHER_LEVEL:
		pin(r, MMUEXT_PIN_L2_TABLE, child);
		return -XEN_EINVAL;
	case SLOT_OF_AN_L1:
		/* The pin is accepted, the entry is not: it would be RW. */
		slot->table = rig_frame(r);
		pin(r, MMUEXT_PIN_L1_TABLE, slot->table);
		return -XEN_EBUSY;
	case SLOT_OF_XEN:
		*slot = (struct guest_slot){4, g->kernel.root, XEN_L4_FIRST};
		return -XEN_EINVAL;
	case CAUSES:
		break;
	}
	return 0;
}

static void hook_refused(struct rig *r)
{
	struct guest_slot usual = chain(r);

	for (unsigned int cause = 0; cause < CAUSES; cause++) {
		struct guest_slot slot = usual;
		pfn_t child = rig_frame(r);
		int expected = prepare(r, (enum cause)cause, child, &slot);
		struct rig_snapshot before;
		uint64_t entry;

		assert_int_equal(guest_flush(r->g), 0);
		before = rig_snapshot(r);
		entry = rig_entry(r, slot);
		assert_int_equal(guest_hook(r->g, slot, child), expected);
		if (rig_entry(r, slot) != entry || !rig_same(r, &before)) {
			fail_msg("cause %u leaves a trace", cause);
		}
		/* And nothing that is still queued. */
		assert_int_equal(guest_flush(r->g), 0);
		assert_true(rig_same(r, &before));
		rig_forget(&before);
	}
}

static void a_hook_that_is_refused_leaves_no_trace(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 8; i++) {
		const struct rig_options o = {
			.world = RIG_XEN,
			.keep = TLB_KEEP_ALL,
			.stage = i % 2 != 0 ? RIG_RUN_TIME : RIG_MAPPED,
			.preempt = i / 2,
		};

		rig_run(&o, hook_refused);
	}
}

/* --- a space of its own
 * ---------------------------------------------------------- */

#define TABLES_MOST 8

struct own {
	struct guest_space space;
	vaddr_t va[3]; /* each with an L1 of its own */
	pfn_t frame[3];
	pfn_t table[TABLES_MOST]; /* all of its own, the root last */
	unsigned int level[TABLES_MOST];
	unsigned int nr_tables;
	pfn_t last_l2; /* of a 32-bit guest: the kernel's part, in a copy */
};

/* Slots of the root that nothing of the kernel is in. */
static void own_range(const struct rig *r, struct guest_space *space)
{
	switch (r->world) {
	case RIG_XEN:
	case RIG_4LEVEL:
		space->first_slot = 400;
		space->end_slot = 402;
		break;
	case RIG_PAE:
	case RIG_XEN_PAE:
		space->first_slot = 0;
		space->end_slot = 2;
		break;
	case RIG_2LEVEL:
	case RIG_WORLDS:
		space->first_slot = 8;
		space->end_slot = 12;
		break;
	}
}

static vaddr_t slot_va(const struct rig *r, unsigned int slot)
{
	const struct guest_geometry *s = r->config.geometry;
	uint64_t va = (uint64_t)slot << s->level[s->levels].shift;

	return s->va_bits == 48 ? vaddr((uint64_t)((int64_t)(va << 16) >> 16))
				: vaddr(va);
}

static void note_tables(struct rig *r, struct own *o, unsigned int level,
			pfn_t table, unsigned int first, unsigned int end)
{
	for (unsigned int i = first; level > 1 && i < end; i++) {
		uint64_t e = rig_entry(r, (struct guest_slot){level, table, i});

		if (e != 0) {
			note_tables(r, o, level - 1,
				    guest_p2m_find(r->g, pte_mfn(pte(e))), 0,
				    r->config.geometry->level[level - 1]
					    .nr_entries);
		}
	}
	assert_true(o->nr_tables < TABLES_MOST);
	o->level[o->nr_tables] = level;
	o->table[o->nr_tables++] = table;
}

/* A 32-bit root's last L2 is its own: it has the hypervisor's slots. */
static pte_t own_last_l2(struct rig *r, struct own *o, pte_t kernels)
{
	struct guest_slot slot = {.level = 2};
	const pfn_t from = guest_p2m_find(r->g, pte_mfn(kernels));

	o->last_l2 = rig_frame(r);
	for (slot.index = 0; slot.index < XEN_L2_FIRST; slot.index++) {
		uint64_t e;

		slot.table = from;
		e = rig_entry(r, slot);
		slot.table = o->last_l2;
		assert_int_equal(guest_store_entry(r->g, slot, pte(e)), 0);
	}
	return guest_make_pte(r->g, o->last_l2, PTE_P);
}

/* Not pinned; what is outside its own slots is the kernel's. */
static void own_new(struct rig *r, struct own *o)
{
	const struct guest_geometry *s = r->config.geometry;
	struct guest *g = r->g;
	struct guest_slot slot = {.level = s->levels};

	*o = (struct own){.space.root = rig_frame(r)};
	own_range(r, &o->space);
	for (slot.index = 0; slot.index < s->level[s->levels].nr_entries;
	     slot.index++) {
		uint64_t e;

		slot.table = g->kernel.root;
		e = rig_entry(r, slot);
		slot.table = o->space.root;
		if (r->world == RIG_XEN_PAE && slot.index == 3) {
			e = own_last_l2(r, o, pte(e)).v;
		}
		if (slot.index >= o->space.first_slot &&
		    slot.index < o->space.end_slot) {
			continue;
		}
		if (e != 0 && (slot.index < XEN_L4_FIRST ||
			       slot.index > XEN_L4_LAST || !rig_xen(r))) {
			assert_int_equal(guest_store_entry(g, slot, pte(e)), 0);
		}
	}
	o->va[0] = slot_va(r, o->space.first_slot);
	o->va[1] =
		vaddr_add(o->va[0], guest_geometry_span(s, 2) + 5 * PAGE_SIZE);
	o->va[2] = slot_va(r, o->space.first_slot + 1);
	for (unsigned int i = 0; i < 3; i++) {
		o->frame[i] = marked_frame(r);
		assert_int_equal(guest_map(g, &o->space, o->va[i], o->frame[i],
					   RIG_RW),
				 0);
	}
	note_tables(r, o, s->levels, o->space.root, o->space.first_slot,
		    o->space.end_slot);
	assert_int_equal(guest_flush(g), 0);
}

static void check_pinned(const struct rig *r, const struct own *o, bool pinned)
{
	assert_int_equal(o->space.pinned, pinned);
	for (unsigned int i = 0; rig_xen(r) && i < o->nr_tables; i++) {
		bool root = i == o->nr_tables - 1;

		assert_int_equal(rig_is_table(r, o->table[i]), pinned);
		assert_int_equal(direct_writable(r, o->table[i]), !pinned);
		assert_int_equal(rig_pinned(r, o->table[i]), pinned && root);
		assert_true(rig_typed(r, o->table[i],
				      (enum frame_type)o->level[i], pinned));
	}
}

static void pin_and_unpin(struct rig *r)
{
	struct guest *g = r->g;
	struct rig_snapshot before = {.nr = 0};
	pfn_t kernel = g->kernel.root;
	struct own o;

	own_new(r, &o);
	assert_int_equal(o.nr_tables, r->config.geometry->levels == 2   ? 3
				      : r->config.geometry->levels == 3 ? 6
									: 8);
	before = rig_snapshot(r);
	for (unsigned int i = 0; i < 2; i++) {
		check_pinned(r, &o, false);
		assert_int_equal(guest_pin_space(g, &o.space), 0);
		check_pinned(r, &o, true);
		/* Twice is once. */
		assert_int_equal(guest_pin_space(g, &o.space), 0);
		assert_int_equal(guest_load_root(g, o.space.root), 0);
		assert_int_equal(g->kernel.root.v, o.space.root.v);
		for (unsigned int j = 0; j < 3; j++) {
			assert_int_equal(guest_port_load64(g, o.va[j]),
					 value_of(o.frame[j]));
		}
		assert_int_equal(guest_load_root(g, kernel), 0);
		assert_int_equal(rig_leaf(r, o.va[0]), 0);
		assert_null(tlb_find(&r->s->tlb, o.va[0]));
		assert_int_equal(guest_unpin_space(g, &o.space), 0);
		check_pinned(r, &o, false);
		assert_int_equal(guest_unpin_space(g, &o.space), 0);
		assert_true(rig_same(r, &before));
	}
	assert_int_equal(r->s->stats.stale_uses, 0);
	rig_forget(&before);
}

static void a_space_is_pinned_and_unpinned_whole(void **state)
{
	(void)state;
	rig_run_all(TLB_KEEP_ALL, pin_and_unpin);
	for (uint64_t every = 1; every <= 3; every++) {
		const struct rig_options o = {
			.world = RIG_XEN,
			.keep = TLB_KEEP_ALL,
			.stage = every == 2 ? RIG_MAPPED : RIG_RUN_TIME,
			.preempt = every,
		};

		rig_run(&o, pin_and_unpin);
	}
}

/* --- pins that are refused
 * -------------------------------------------------------- */

static void refused(struct rig *r, struct own *o, int expected)
{
	struct rig_snapshot before;

	assert_int_equal(guest_flush(r->g), 0);
	before = rig_snapshot(r);
	assert_int_equal(guest_pin_space(r->g, &o->space), expected);
	assert_false(o->space.pinned);
	assert_true(rig_same(r, &before));
	assert_int_equal(guest_flush(r->g), 0);
	assert_true(rig_same(r, &before));
	rig_forget(&before);
}

/* Each of its tables in turn is mapped writable elsewhere. */
static void mapped_elsewhere(struct rig *r, struct own *o)
{
	struct guest *g = r->g;

	for (unsigned int i = 0; i < o->nr_tables; i++) {
		assert_int_equal(guest_map(g, &g->kernel, r->free_va,
					   o->table[i], RIG_RW),
				 0);
		refused(r, o, -XEN_EINVAL);
		assert_int_equal(guest_unmap(g, &g->kernel, r->free_va), 0);
	}
}

/* Each of its tables in turn has an entry that nobody may have. */
static void bad_entries(struct rig *r, struct own *o)
{
	struct guest *g = r->g;

	for (unsigned int i = 0; i < o->nr_tables; i++) {
		unsigned int level = o->level[i];
		struct guest_slot slot = {level, o->table[i],
					  level == 4 ? 401 : 77};
		uint64_t had = rig_entry(r, slot);
		/* A frame of the hypervisor's, or one that can be written. */
		uint64_t foreign = PAGE_SIZE | RIG_RO;
		uint64_t ordinary = guest_make_pte(g, o->frame[0], RIG_RW).v;

		assert_int_equal(guest_store_entry(g, slot, pte(foreign)), 0);
		refused(r, o, level == 1 ? -XEN_EBUSY : -XEN_EFAULT);
		if (level == 1) {
			ordinary = guest_make_pte(g, g->kernel.root, RIG_RW).v;
		}
		assert_int_equal(guest_store_entry(g, slot, pte(ordinary)), 0);
		if (level == 1) {
			refused(r, o, -XEN_EBUSY);
		}
		assert_int_equal(guest_store_entry(g, slot, pte(had)), 0);
	}
}

static void pin_refused(struct rig *r)
{
	struct own o;

	own_new(r, &o);
	mapped_elsewhere(r, &o);
	bad_entries(r, &o);
	/* With all that out of its way it can be pinned. */
	assert_int_equal(guest_pin_space(r->g, &o.space), 0);
	check_pinned(r, &o, true);
	assert_int_equal(guest_unpin_space(r->g, &o.space), 0);
	check_pinned(r, &o, false);
}

static void a_pin_that_is_refused_leaves_every_table_as_it_was(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 8; i++) {
		const struct rig_options o = {
			.world = RIG_XEN,
			.keep = TLB_KEEP_ALL,
			.stage = i % 2 != 0 ? RIG_RUN_TIME : RIG_MAPPED,
			.preempt = i / 2,
		};

		rig_run(&o, pin_refused);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_hooked_is_walked_and_unhooked_is_not),
		cmocka_unit_test(a_hook_that_is_refused_leaves_no_trace),
		cmocka_unit_test(a_space_is_pinned_and_unpinned_whole),
		cmocka_unit_test(
			a_pin_that_is_refused_leaves_every_table_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
