/* SPDX-License-Identifier: MIT */
/*
 * Flushes that are not owed, and those that one pays for. A table that no CPU
 * can have walked becomes something else without one; a multicall pays all that
 * its calls owe at its end, and what one of them left is a debt for the next
 * (flush.c). Each wrong short cut is a row of tests/mutation/table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support/machine.h"

#define TABLE 30 /* an empty L1 */
#define ABOVE 31 /* an L2 that leads to it */
#define TREE 40  /* a space of its own */
#define SLOT 100

#define ARGUMENTS 2048 /* of the calls, in the guest's buffer */

/* A multicall that is being written. */
struct calls {
	struct machine *m;
	unsigned int nr;
};

static struct multicall_entry *new_call(struct calls *c, unsigned int op)
{
	struct multicall_entry *e =
		(struct multicall_entry *)(void *)c->m->guest + c->nr++;

	*e = (struct multicall_entry){.op = op, .result = 1};
	return e;
}

/* The same for a list of one, which is `bytes` long. */
static void add_list(struct calls *c, unsigned int op, const void *list,
		     size_t bytes)
{
	unsigned int at = ARGUMENTS + c->nr * 64;
	struct multicall_entry *e = new_call(c, op);

	memcpy(c->m->guest + at, list, bytes);
	e->args[0] = GUEST_BUFFER + at;
	e->args[1] = 1;
	e->args[3] = DOMID_SELF;
}

static void add_update(struct calls *c, uint64_t ptr, uint64_t val)
{
	const struct mmu_update u = {.ptr = ptr, .val = val};

	add_list(c, __HYPERVISOR_mmu_update, &u, sizeof(u));
}

static void add_mmuext(struct calls *c, unsigned int cmd, uint64_t arg1)
{
	struct mmuext_op op = {.cmd = cmd};

	op.arg1.linear_addr = arg1;
	add_list(c, __HYPERVISOR_mmuext_op, &op, sizeof(op));
}

static pte_t *slot_of(struct machine *m, unsigned int table, unsigned int i)
{
	return &frame_ptes(&m->mmu, dom_frame(table))[i];
}

static uint64_t writable(unsigned int frame)
{
	return pte_make(dom_frame(frame), RW_FLAGS).v;
}

static void add_map_writable(struct calls *c, unsigned int frame)
{
	add_update(c, entry_at(dom_frame(L1_FRAME), SLOT), writable(frame));
}

static void issue(struct calls *c)
{
	const struct multicall_entry *e =
		(const struct multicall_entry *)(void *)c->m->guest;

	assert_int_equal(machine_call(c->m, hc_multicall, GUEST_BUFFER, c->nr,
				      0, 0),
			 0);
	for (unsigned int i = 0; i < c->nr; i++) {
		assert_int_equal(e[i].result, 0);
	}
}

static uint64_t retyped(const struct machine *m)
{
	return m->dom.stats.flushed[FLUSH_RETYPED];
}

static void update(struct machine *m, unsigned int table, unsigned int i,
		   uint64_t val)
{
	assert_int_equal(call_mmu_update(m, entry_at(dom_frame(table), i), val),
			 0);
}

static void mmuext(struct machine *m, unsigned int cmd, unsigned int frame)
{
	assert_int_equal(call_mmuext(m, cmd, dom_frame(frame).v, 0), 0);
}

static uint64_t table_entry(unsigned int frame)
{
	return pte_make(dom_frame(frame), TABLE_FLAGS).v;
}

/* The CPUs have TABLE cached as an L1, through an entry of the live L2. */
static void hang_table(struct machine *m)
{
	update(m, L2_FRAME, 1, table_entry(TABLE));
}

static void a_table_whose_entry_went_is_flushed_in_a_multicall(void **state)
{
	struct calls c = {.m = *state};
	uint64_t before = retyped(c.m);

	hang_table(c.m);
	add_update(&c, entry_at(dom_frame(L2_FRAME), 1), 0);
	add_map_writable(&c, TABLE);
	issue(&c);
	assert_int_equal(retyped(c.m), before + 1);
}

static void an_entry_that_went_before_the_pin_is_remembered(void **state)
{
	struct calls c = {.m = *state};
	uint64_t before = retyped(c.m);

	hang_table(c.m);
	mmuext(c.m, MMUEXT_PIN_L1_TABLE, TABLE);
	add_update(&c, entry_at(dom_frame(L2_FRAME), 1), 0);
	add_mmuext(&c, MMUEXT_UNPIN_TABLE, dom_frame(TABLE).v);
	add_map_writable(&c, TABLE);
	issue(&c);
	assert_int_equal(retyped(c.m), before + 1);
}

static void what_is_below_a_table_that_was_walked_was_too(void **state)
{
	struct calls c = {.m = *state};
	uint64_t before = retyped(c.m);

	raw_entry(c.m, dom_frame(ABOVE), 0, pte(table_entry(TABLE)));
	update(c.m, L3_FRAME, 1, table_entry(ABOVE));
	add_update(&c, entry_at(dom_frame(L3_FRAME), 1), 0);
	add_map_writable(&c, TABLE);
	issue(&c);
	assert_int_equal(retyped(c.m), before + 1);
}

/* Once it is paid, in whichever epoch: a table has room for six bits of it. */
static void nothing_more_is_owed(struct machine *m)
{
	for (unsigned int i = 0; i < 64; i++) {
		uint64_t before = retyped(m);

		update(m, L1_FRAME, SLOT, 0);
		assert_int_equal(call_mmuext(m, MMUEXT_TLB_FLUSH_ALL, 0, 0), 0);
		mmuext(m, MMUEXT_PIN_L1_TABLE, TABLE);
		mmuext(m, MMUEXT_UNPIN_TABLE, TABLE);
		update(m, L1_FRAME, SLOT, writable(TABLE));
		assert_int_equal(retyped(m), before);
	}
}

static void a_table_that_is_the_same_again_owes_what_it_owed(void **state)
{
	struct calls c = {.m = *state};
	uint64_t before = retyped(c.m);

	hang_table(c.m);
	add_update(&c, entry_at(dom_frame(L2_FRAME), 1), 0);
	add_mmuext(&c, MMUEXT_PIN_L1_TABLE, dom_frame(TABLE).v);
	add_mmuext(&c, MMUEXT_UNPIN_TABLE, dom_frame(TABLE).v);
	add_map_writable(&c, TABLE);
	issue(&c);
	assert_int_equal(retyped(c.m), before + 1);
	nothing_more_is_owed(c.m);
}

/* As a kernel frees a table: the entry, its flush, the pin, then the page. */
static void a_debt_that_was_paid_is_not_paid_again(void **state)
{
	struct machine *m = *state;
	uint64_t before;

	hang_table(m);
	mmuext(m, MMUEXT_PIN_L1_TABLE, TABLE);
	update(m, L2_FRAME, 1, 0);
	before = retyped(m);
	mmuext(m, MMUEXT_UNPIN_TABLE, TABLE);
	update(m, L1_FRAME, SLOT, writable(TABLE));
	assert_int_equal(retyped(m), before);
}

/* Each of the tree's four tables, with no flush for it. */
static void use_tree_otherwise(struct machine *m)
{
	uint64_t before = retyped(m);

	for (unsigned int i = 0; i < 4; i++) {
		update(m, L1_FRAME, SLOT + i, writable(TREE + i));
	}
	assert_int_equal(retyped(m), before);
}

static void a_tree_that_was_never_loaded_owes_no_flush(void **state)
{
	struct machine *m = *state;

	raw_space(m, TREE, 60);
	mmuext(m, MMUEXT_PIN_L4_TABLE, TREE);
	mmuext(m, MMUEXT_UNPIN_TABLE, TREE);
	use_tree_otherwise(m);
}

/* By both vCPUs, one after the other. */
static void a_tree_that_was_left_owes_no_flush(void **state)
{
	struct machine *m = *state;

	machine_second_vcpu(m);
	raw_space(m, TREE, 60);
	mmuext(m, MMUEXT_PIN_L4_TABLE, TREE);
	for (unsigned int i = 0; i < 2; i++) {
		m->caller = i == 0 ? &m->vcpu : &m->second;
		mmuext(m, MMUEXT_NEW_BASEPTR, TREE);
		mmuext(m, MMUEXT_NEW_BASEPTR, L4_FRAME);
	}
	mmuext(m, MMUEXT_UNPIN_TABLE, TREE);
	use_tree_otherwise(m);
}

static void a_user_root_that_was_left_owes_no_flush(void **state)
{
	struct machine *m = *state;

	machine_second_vcpu(m);
	raw_space(m, TREE, 60);
	mmuext(m, MMUEXT_PIN_L4_TABLE, TREE);
	m->caller = &m->second;
	mmuext(m, MMUEXT_NEW_USER_BASEPTR, TREE);
	mmuext(m, MMUEXT_NEW_USER_BASEPTR, L4_FRAME);
	m->caller = &m->vcpu;
	mmuext(m, MMUEXT_UNPIN_TABLE, TREE);
	use_tree_otherwise(m);
}

static void a_multicall_pays_once(void **state)
{
	struct machine *m = *state;
	struct calls c = {.m = m};
	unsigned int flushes;
	uint64_t upper;

	hang_table(m);
	flushes = m->flushes;
	upper = m->dom.stats.flushed[FLUSH_UPPER];
	for (unsigned int i = 2; i < 6; i++) {
		add_update(&c, entry_at(dom_frame(L2_FRAME), i - 1), 0);
		add_update(&c, entry_at(dom_frame(L2_FRAME), i),
			   table_entry(TABLE));
	}
	issue(&c);
	assert_int_equal(m->flushes, flushes + 1);
	assert_int_equal(m->dom.stats.flushed[FLUSH_UPPER], upper + 1);
	assert_true(pte_present(*slot_of(m, L2_FRAME, 5)));
}

/* machine_check() looks at every stop whether a flush is owed. */
static void a_multicall_that_stops_pays_what_it_owes(void **state)
{
	struct machine *m = *state;
	struct calls c = {.m = m};

	hang_table(m);
	add_update(&c, entry_at(dom_frame(L2_FRAME), 1), 0);
	add_update(&c, entry_at(dom_frame(L1_FRAME), SLOT), 0);
	add_update(&c, entry_at(dom_frame(L1_FRAME), SLOT), 0);
	m->preempt_after = 1;
	issue(&c);
	assert_true(m->restarts > 0);
}

static void a_multicall_that_fails_pays_what_it_owes(void **state)
{
	struct machine *m = *state;
	struct calls c = {.m = m};

	hang_table(m);
	add_update(&c, entry_at(dom_frame(L2_FRAME), 1), 0);
	add_update(&c, entry_at(dom_frame(L1_FRAME), SLOT), 0);
	/* The list, the request, the result; then the list again. */
	m->copy_fail_after = 4;
	assert_int_equal(machine_call(m, hc_multicall, GUEST_BUFFER, c.nr, 0,
				      0),
			 -XEN_EFAULT);
}

static void flushes_asked_for_in_a_multicall_are_one(void **state)
{
	struct machine *m = *state;
	struct calls c = {.m = m};
	unsigned int flushes = m->flushes;

	add_mmuext(&c, MMUEXT_TLB_FLUSH_ALL, 0);
	add_mmuext(&c, MMUEXT_TLB_FLUSH_LOCAL, 0);
	add_mmuext(&c, MMUEXT_TLB_FLUSH_ALL, 0);
	issue(&c);
	assert_int_equal(m->flushes, flushes + 1);
	/* With another vCPU that of one CPU is not one of all. */
	machine_second_vcpu(m);
	flushes = m->flushes;
	c.nr = 0;
	add_mmuext(&c, MMUEXT_TLB_FLUSH_LOCAL, 0);
	add_mmuext(&c, MMUEXT_TLB_FLUSH_ALL, 0);
	issue(&c);
	assert_int_equal(m->flushes, flushes + 2);
}

/* References that return to another domain do so behind a flush of their own.
 */
static void a_multicall_does_not_keep_anothers_frame_waiting(void **state)
{
	struct machine *m = *state;
	struct calls c = {.m = m};
	struct granted g = {.owner = &m->other, .address = SLOT << PAGE_SHIFT};
	uint64_t foreign, upper;

	machine_second_domain(m);
	hang_table(m);
	g.frame = m->other_vcpu.kernel_root;
	assert_int_equal(mmu_grant_map(&m->vcpu, &g), 0);
	machine_check(m);
	foreign = m->dom.stats.flushed[FLUSH_FOREIGN];
	upper = m->dom.stats.flushed[FLUSH_UPPER];
	add_update(&c, entry_at(dom_frame(L1_FRAME), SLOT), 0);
	add_update(&c, entry_at(dom_frame(L2_FRAME), 1), 0);
	issue(&c);
	assert_int_equal(m->dom.stats.flushed[FLUSH_FOREIGN], foreign + 1);
	assert_int_equal(m->dom.stats.flushed[FLUSH_UPPER], upper + 1);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, space_set_up, machine_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_table_whose_entry_went_is_flushed_in_a_multicall),
		TEST(an_entry_that_went_before_the_pin_is_remembered),
		TEST(what_is_below_a_table_that_was_walked_was_too),
		TEST(a_table_that_is_the_same_again_owes_what_it_owed),
		TEST(a_debt_that_was_paid_is_not_paid_again),
		TEST(a_tree_that_was_never_loaded_owes_no_flush),
		TEST(a_tree_that_was_left_owes_no_flush),
		TEST(a_user_root_that_was_left_owes_no_flush),
		TEST(a_multicall_pays_once),
		TEST(a_multicall_that_stops_pays_what_it_owes),
		TEST(a_multicall_that_fails_pays_what_it_owes),
		TEST(flushes_asked_for_in_a_multicall_are_one),
		TEST(a_multicall_does_not_keep_anothers_frame_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
