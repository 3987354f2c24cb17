/* SPDX-License-Identifier: MIT */
/*
 * Tables that are neither up nor down, and what meets them: writes of their
 * entries, epochs of any number, others' tables, and the death of a domain that
 * has many of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support/machine.h"

#define SLOT 100
#define SLOT_VA ((uint64_t)SLOT << PAGE_SHIFT)

static uint64_t l1_slot(unsigned int index)
{
	return entry_at(dom_frame(L1_FRAME), index);
}

/* An L1 whose validation stopped, seen read-only at SLOT. */
static mfn_t half_done(struct machine *m)
{
	mfn_t table = dom_frame(40);
	struct mmuext_op op = {.cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = table.v};
	uint64_t arg[6] = {GUEST_BUFFER, 1, 0, DOMID_SELF};

	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		raw_entry(m, table, i, pte_make(dom_frame(41), RW_FLAGS));
	}
	assert_int_equal(call_mmu_update(m, l1_slot(SLOT),
					 pte_make(table, RO_FLAGS).v),
			 0);
	m->preempt_after = 1;
	memcpy(m->guest, &op, sizeof(op));
	assert_int_equal(hc_mmuext_op(&m->vcpu, arg), -XEN_ERESTART);
	m->preempt_after = 0;
	machine_check(m);
	assert_int_equal(m->frames[table.v].flags & FRAME_PARTIAL,
			 FRAME_PARTIAL);
	return table;
}

static void a_half_done_table_is_written_by_nobody_directly(void **state)
{
	struct machine *m = *state;
	mfn_t table = half_done(m);
	uint64_t old;

	/* Validated already, and not yet. */
	for (unsigned int i = 0; i < 512; i += 500) {
		assert_int_equal(call_direct(m,
					     vaddr(SLOT_VA + i * sizeof(pte_t)),
					     DIRECT_WRITE, &old, 0),
				 -XEN_EINVAL);
		machine_check(m);
		assert_int_equal(pte_mfn(entry_of(m, table, i)).v,
				 dom_frame(41).v);
	}
}

static void a_table_found_for_a_write_may_be_none_when_it_comes(void **state)
{
	struct machine *m = *state;
	mfn_t table = dom_frame(40);
	struct direct_write w;
	uint64_t old;

	assert_int_equal(call_mmu_update(m, l1_slot(SLOT),
					 pte_make(table, RO_FLAGS).v),
			 0);
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L1_TABLE, table.v, 0), 0);
	assert_int_equal(mmu_direct_find(&m->vcpu, vaddr(SLOT_VA), &w), 0);
	assert_int_equal(call_mmuext(m, MMUEXT_UNPIN_TABLE, table.v, 0), 0);
	assert_int_equal(mmu_direct_write(&m->vcpu, &w, DIRECT_WRITE, &old,
					  pte_make(dom_frame(41), RW_FLAGS).v),
			 -XEN_ENOENT);
	machine_check(m);
	assert_int_equal(entry_of(m, table, 0).v, 0);
}

static void an_update_of_a_half_done_table_takes_it_down(void **state)
{
	struct machine *m = *state;
	mfn_t table = half_done(m);

	assert_int_equal(call_mmu_update(m, entry_at(table, 500), 0), 0);
	assert_int_equal(entry_of(m, table, 500).v, 0);
	assert_int_equal(m->frames[table.v].type_count, 0);
}

/*
 * The entry of another L4 leads to it: what it was to become is forgotten, and
 * it is judged as the L3 that the entry wants, not as a linear mapping.
 */
static void an_l4_half_way_up_becomes_an_l3(void **state)
{
	struct mmuext_op op = {.cmd = MMUEXT_PIN_L4_TABLE};
	uint64_t arg[6] = {GUEST_BUFFER, 1, 0, DOMID_SELF};
	struct machine *m = *state;
	mfn_t half = dom_frame(40);
	mfn_t root = dom_frame(50);

	for (unsigned int i = 0; i < 4; i++) {
		raw_entry(m, half, i, pte_make(dom_frame(41 + i), TABLE_FLAGS));
	}
	raw_entry(m, root, 0, pte_make(half, TABLE_FLAGS));
	op.arg1.mfn = half.v;
	m->preempt_after = 1;
	memcpy(m->guest, &op, sizeof(op));
	assert_int_equal(hc_mmuext_op(&m->vcpu, arg), -XEN_ERESTART);
	m->preempt_after = 0;
	machine_check(m);
	assert_int_equal(m->frames[half.v].type, FRAME_L4);
	assert_int_equal(m->frames[half.v].flags & FRAME_PARTIAL,
			 FRAME_PARTIAL);
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE, root.v, 0), 0);
	assert_int_equal(m->frames[half.v].type, FRAME_L3);
	assert_int_equal(call_mmuext(m, MMUEXT_UNPIN_TABLE, root.v, 0), 0);
}

/* The epoch shares its room with what a table counts. */
static void the_number_of_the_epoch_is_no_tables_count(void **state)
{
	static const uint32_t epochs[] = {0x00000005, 0x00050000, 0xffff0000,
					  0x7fff0123, UINT32_MAX};
	struct machine *m = *state;

	for (unsigned int i = 0; i < sizeof(epochs) / sizeof(*epochs); i++) {
		m->dom.epoch = epochs[i];
		raw_space(m, 40, 60);
		for (unsigned int k = 0; k < 4; k++) {
			assert_int_equal(call_mmu_update(m, l1_slot(SLOT),
							 pte_make(dom_frame(40 +
									    k),
								  RW_FLAGS)
								 .v),
					 0);
		}
		assert_int_equal(call_mmu_update(m, l1_slot(SLOT), 0), 0);
		m->dom.epoch = epochs[i];
		assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE,
					     dom_frame(40).v, 0),
				 0);
		assert_int_equal(call_mmuext(m, MMUEXT_UNPIN_TABLE,
					     dom_frame(40).v, 0),
				 0);
	}
}

/* Entries of others' tables are not to be named, nor those of none. */
static void a_grant_goes_into_a_live_table_of_ones_own(void **state)
{
	struct machine *m = *state;
	struct granted g = {.owner = &m->dom,
			    .by_pte = true,
			    .frame = dom_frame(60)};
	mfn_t theirs;
	uint64_t places[5];

	machine_second_domain(m);
	theirs = m->other_vcpu.kernel_root;
	for (unsigned int level = 4; level > 1; level--) {
		theirs = pte_mfn(entry_of(m, theirs, 0));
	}
	places[0] = entry_at(theirs, SLOT);
	places[1] = entry_at(dom_frame(L2_FRAME), SLOT);
	places[2] = entry_at(dom_frame(DATA_FRAME), SLOT);
	places[3] = entry_at(half_done(m), SLOT);
	places[4] = l1_slot(SLOT + 1) + 4;
	for (unsigned int i = 0; i < 5; i++) {
		g.address = places[i];
		assert_int_equal(mmu_grant_map(&m->vcpu, &g), -XEN_ENOENT);
		machine_check(m);
	}
	g.address = l1_slot(SLOT + 1);
	assert_int_equal(mmu_grant_map(&m->vcpu, &g), 0);
	machine_check(m);
	/* It is unmapped where it was, as what it was (XSA-234). */
	g.writable = true;
	assert_int_equal(mmu_grant_unmap(&m->vcpu, &g), -XEN_ENOENT);
	g.writable = false;
	g.frame = dom_frame(61);
	assert_int_equal(mmu_grant_unmap(&m->vcpu, &g), -XEN_ENOENT);
	g.frame = dom_frame(60);
	assert_int_equal(mmu_grant_unmap(&m->vcpu, &g), 0);
	machine_check(m);
	assert_int_equal(mmu_grant_unmap(&m->vcpu, &g), -XEN_ENOENT);
	/* Replaced by itself it would be gone. */
	g = (struct granted){.owner = &m->dom,
			     .frame = dom_frame(DATA_FRAME),
			     .writable = true};
	assert_int_equal(mmu_grant_replace(&m->vcpu, &g, 0), -XEN_ENOENT);
	machine_check(m);
}

static void vcpus_need_not_be_started_in_order(void **state)
{
	struct machine *m = *state;
	struct mmu_vcpu last;
	pte_t window[DESC_WINDOW_ENTRIES];
	uint64_t desc = dom_frame(60).v;

	mmu_vcpu_init(&last, &m->dom, 5, window);
	memcpy(m->guest, &desc, sizeof(desc));
	assert_int_equal(machine_call(m, hc_set_gdt, GUEST_BUFFER, 16, 0, 0),
			 0);
	/* A descriptor page's mapping goes: all vCPUs are asked. */
	assert_int_equal(call_mmu_update(m, l1_slot(SLOT),
					 pte_make(mfn(desc), RO_FLAGS).v),
			 0);
	assert_int_equal(call_mmu_update(m, l1_slot(SLOT), 0), 0);
	machine_stop(m);
	while (mmu_domain_destroy(&m->dom) == -XEN_ERESTART) {
	}
	assert_int_equal(m->dom.nr_pages, 0);
}

/* --- death --------------------------------------------------------------- */

#define TABLES 30
#define PLAYED 40

struct play {
	struct machine *m;
	mfn_t f[PLAYED];
	uint32_t random;
};

static uint32_t below(struct play *p, uint32_t n)
{
	p->random ^= p->random << 13;
	p->random ^= p->random >> 17;
	p->random ^= p->random << 5;
	return p->random % n;
}

/* 2 L4s, 4 L3s, 8 L2s, 16 L1s, then data; in frames of any order. */
static unsigned int level_of(unsigned int i)
{
	return i < 2 ? 4 : i < 6 ? 3 : i < 14 ? 2 : 1;
}

static void raw_forest(struct play *p)
{
	static const unsigned int first[] = {30, 14, 6, 2, 0};

	for (unsigned int i = 0; i < PLAYED; i++) {
		unsigned int k = below(p, i + 1);

		p->f[i] = p->f[k];
		p->f[k] = dom_frame(20 + i);
	}
	for (unsigned int i = 0; i < TABLES; i++) {
		unsigned int level = level_of(i);
		unsigned int from = first[level - 1];
		unsigned int to = level == 1 ? PLAYED : first[level - 2];
		uint64_t flags =
			level == 1 && below(p, 2) ? RO_FLAGS : RW_FLAGS;

		for (unsigned int n = 1 + below(p, level > 1 ? 8 : 200); n > 0;
		     n--) {
			unsigned int at = below(p, XEN_L4_FIRST);

			raw_entry(p->m, p->f[i], at,
				  pte_make(p->f[from + below(p, to - from)],
					   flags));
		}
	}
}

static void disturb(struct play *p)
{
	struct machine *m = p->m;
	unsigned int i = below(p, TABLES);
	unsigned int cmd = MMUEXT_PIN_L1_TABLE + level_of(i) - 1;

	m->preempt_after = 1 + below(p, 5);
	switch (below(p, 6)) {
	case 0:
		cmd = MMUEXT_UNPIN_TABLE;
		break;
	case 1:
		cmd = MMUEXT_PIN_L1_TABLE + below(p, 4);
		break;
	default:
		break;
	}
	(void)call_mmuext(m, cmd, p->f[i].v, 0);
}

static void a_domain_dies_with_tables_in_every_state(void **state)
{
	unsigned int partial = 0;
	unsigned int dying = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= 300; seed++) {
		struct play p = {.m = machine_new(),
				 .random = seed * 2654435761u};

		standard_space(p.m);
		p.m->once = true;
		raw_forest(&p);
		for (unsigned int n = 1 + below(&p, 6); n > 0; n--) {
			disturb(&p);
		}
		for (unsigned int i = 0; i < MACHINE_FRAMES; i++) {
			partial += (p.m->frames[i].flags & FRAME_PARTIAL) != 0;
			dying += (p.m->frames[i].flags & FRAME_DYING) != 0;
		}
		p.m->preempt_after = below(&p, 4);
		machine_stop(p.m);
		while (mmu_domain_destroy(&p.m->dom) != 0) {
			machine_check(p.m);
		}
		machine_check(p.m);
		assert_int_equal(p.m->dom.nr_pages, 0);
		assert_int_equal(p.m->mmu.nr_free, DOM_FRAMES + POOL_FRAMES);
		machine_free(p.m);
	}
	assert_true(partial > 50);
	assert_true(dying > 15);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, space_set_up, machine_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_half_done_table_is_written_by_nobody_directly),
		TEST(a_table_found_for_a_write_may_be_none_when_it_comes),
		TEST(an_update_of_a_half_done_table_takes_it_down),
		TEST(an_l4_half_way_up_becomes_an_l3),
		TEST(the_number_of_the_epoch_is_no_tables_count),
		TEST(a_grant_goes_into_a_live_table_of_ones_own),
		TEST(vcpus_need_not_be_started_in_order),
		cmocka_unit_test(a_domain_dies_with_tables_in_every_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
