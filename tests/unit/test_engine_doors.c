/* SPDX-License-Identifier: MIT */
/*
 * Every door of the engine, each with something in its way: the frame that it
 * is about, or a table above, is half-way up or half-way down when it is
 * entered, on a machine with two vCPUs and two domains. Whatever it is and
 * wherever it is interrupted, it must come to its end, with the result that it
 * has when nothing is in its way; a refusal must bear its name; and at every
 * return, -XEN_ERESTART included, all counts are right, no flush is owed, and
 * no CPU reaches what its domain lost, while another domain takes every frame
 * that it can get.
 *
 * The doors are a table (support/doors.c) with a row for each operation that
 * the engine names, so a new one without a row fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support/doors.h"

/* --- what is in the way -------------------------------------------------- */

/*
 * A table of this level with others below it; the L1 at the bottom is all that
 * maps LOST. As the table asked for it is longer than one stretch.
 */
static void raw_tables(struct machine *m, unsigned int level)
{
	mfn_t bottom = dom_frame(BELOW(level - 1));

	for (unsigned int i = 0; i + 1 < level; i++) {
		raw_entry(m, dom_frame(BELOW(i)), 0,
			  pte_make(dom_frame(BELOW(i + 1)), TABLE_FLAGS));
	}
	if (level > 1) {
		raw_entry(m, dom_frame(VICTIM), 1,
			  pte_make(dom_frame(BESIDE), TABLE_FLAGS));
	}
	raw_entry(m, bottom, 0, pte_make(dom_frame(LOST), RW_FLAGS));
	for (unsigned int i = 1; level == 1 && i < PT_ENTRIES; i++) {
		raw_entry(m, bottom, i, pte_make(dom_frame(READ), RO_FLAGS));
	}
}

/*
 * LOST leaves the reservation, and the mapping by which all CPUs have cached
 * it leaves the tables: neither flushes, as a mapping below the table stays.
 */
static void lose(struct machine *m)
{
	uint64_t slot = entry_at(dom_frame(L1_FRAME), FREE_SLOT + 1);
	struct xen_memory_reservation r = {.nr_extents = 1,
					   .domid = DOMID_SELF};
	uint64_t f = dom_frame(LOST).v;

	assert_int_equal(call_mmu_update(m, slot, pte_make(mfn(f), RW_FLAGS).v),
			 0);
	set_xen_guest_handle(r.extent_start, (void *)(uintptr_t)LIST);
	memcpy(m->guest, &r, sizeof(r));
	memcpy(m->guest + 512, &f, sizeof(f));
	assert_int_equal(machine_call(m, hc_memory_op,
				      XENMEM_decrease_reservation, GUEST_BUFFER,
				      0, 0),
			 1);
	assert_int_equal(call_mmu_update(m, slot, 0), 0);
	assert_int_equal(m->frames[f].owner, TEST_TAG);
}

enum way { CLEAR, GOING_DOWN, HALF_UP };

static int64_t pin_once(struct machine *m, unsigned int cmd)
{
	struct mmuext_op op = {.cmd = cmd, .arg1.mfn = dom_frame(VICTIM).v};
	uint64_t arg[6] = {GUEST_BUFFER, 1, 0, DOMID_SELF};
	int64_t rc;

	memcpy(m->guest, &op, sizeof(op));
	rc = hc_mmuext_op(m->caller, arg);
	machine_check(m);
	return rc;
}

/* A table that was an L4 says so by the hypervisor's entries. */
static void forget_xen_slots(struct machine *m)
{
	for (unsigned int i = XEN_L4_FIRST; i <= XEN_L4_LAST; i++) {
		raw_entry(m, dom_frame(VICTIM), i, pte(0));
	}
}

static void put_in_way(struct machine *m, enum way way, unsigned int level)
{
	const struct frame *fr = &m->frames[dom_frame(VICTIM).v];
	unsigned int pin = MMUEXT_PIN_L1_TABLE + level - 1;

	if (way != HALF_UP) {
		assert_int_equal(pin_once(m, pin), 0);
		lose(m);
		m->preempt_after = way == GOING_DOWN;
		(void)pin_once(m, MMUEXT_UNPIN_TABLE);
		assert_int_equal(fr->flags & FRAME_DYING,
				 way == GOING_DOWN ? FRAME_DYING : 0);
		if (level == 4) {
			forget_xen_slots(m);
		}
	} else {
		m->preempt_after = 1;
		assert_int_equal(pin_once(m, pin), -XEN_ERESTART);
		assert_int_equal(fr->flags & FRAME_PARTIAL, FRAME_PARTIAL);
		assert_true(fr->table.nr_validated > 0);
		m->preempt_after = 0;
		lose(m);
	}
	m->preempt_after = 0;
}

/* --- entering ------------------------------------------------------------ */

struct outcome {
	int64_t rc;
	enum rule rule; /* RULE_NONE: it was not refused */
	unsigned int asked;
	uint64_t numbers; /* that operations got meanwhile */
};

static struct machine *machine_with(enum mmu_operation id, struct call *c,
				    enum way way, unsigned int level)
{
	struct machine *m = machine_new();

	standard_space(m);
	machine_second_vcpu(m);
	machine_second_domain(m);
	*c = (struct call){.m = m, .number = doors[id].number};
	raw_tables(m, level);
	/* What is prepared in the tables comes first, what is in buffers last.
	 */
	if (doors[id].enter != NULL && doors[id].prepare != NULL) {
		doors[id].prepare(c);
	}
	put_in_way(m, way, level);
	if (doors[id].enter == NULL) {
		doors[id].prepare(c);
	}
	return m;
}

static struct outcome go_through(struct machine *m, enum mmu_operation id,
				 struct call *c)
{
	const struct door *door = &doors[id];
	enum mmu_operation named =
		door->named != MMU_OP_NONE ? door->named : id;
	uint64_t refused = m->dom.stats.refused;
	uint64_t serial = m->dom.serial;
	struct outcome o = {.rc = -XEN_ERESTART};

	m->preempt_asked = 0;
	for (unsigned int i = 0; o.rc == -XEN_ERESTART; i++) {
		if (i == 2000) {
			fail_msg("%s goes on for ever",
				 operation_info[id].name);
		}
		o.rc = door->enter != NULL ? door->enter(c)
					   : door->hypercall(m->caller, c->arg);
		if (machine_fault(m) != NULL) {
			fail_msg("%s, return %u (%ld): %s",
				 operation_info[id].name, i, (long)o.rc,
				 machine_fault(m));
		}
	}
	o.asked = m->preempt_asked;
	o.numbers = m->dom.serial - serial;
	if (m->dom.stats.refused != refused) {
		o.rule = m->dom.refusal.rule;
		if (m->dom.refusal.op.id != named) {
			fail_msg("a refusal of %s names %s",
				 operation_info[named].name,
				 operation_info[m->dom.refusal.op.id].name);
		}
	}
	return o;
}

/* Who asks for the type that a table is half-way to goes on with it. */
static bool went_on(const struct machine *m, unsigned int level)
{
	const struct frame *fr = &m->frames[dom_frame(VICTIM).v];

	return fr->type == level && fr->type_count != 0 &&
	       (fr->flags & FRAME_VALIDATED) != 0;
}

static void same_outcome(enum mmu_operation id, enum way way,
			 unsigned int level, struct outcome o)
{
	struct call c;
	struct machine *m = machine_with(id, &c, CLEAR, level);
	struct outcome clear = go_through(m, id, &c);

	machine_free(m);
	if (doors[id].needs_unused && way == HALF_UP) {
		assert_int_equal(o.rule, RULE_EXCHANGE_FRAME);
		return;
	}
	if (o.rc != clear.rc || o.rule != clear.rule) {
		fail_msg("%s of an L%u, %s: %ld (%s), else %ld (%s)",
			 operation_info[id].name, level,
			 way == HALF_UP ? "half-way up" : "going down",
			 (long)o.rc, rule_info[o.rule].name, (long)clear.rc,
			 rule_info[clear.rule].name);
	}
	/* However often it is stopped, it keeps its number. */
	if (o.numbers != clear.numbers) {
		fail_msg("%s of an L%u, %s: %lu numbers, else %lu",
			 operation_info[id].name, level,
			 way == HALF_UP ? "half-way up" : "going down",
			 (unsigned long)o.numbers,
			 (unsigned long)clear.numbers);
	}
}

static void every_operation_is_a_door_of_the_table(void **state)
{
	(void)state;
	for (unsigned int id = MMU_OP_NONE + 1; id < MMU_OPERATIONS; id++) {
		if ((doors[id].enter == NULL) ==
		    (doors[id].hypercall == NULL)) {
			fail_msg("no row for %s", operation_info[id].name);
		}
	}
}

/* Interrupted at every question that it asks. */
static void enter_all(enum way way)
{
	for (unsigned int id = MMU_OP_NONE + 1; id < MMU_OPERATIONS; id++) {
		for (unsigned int level = 1; level <= 4; level++) {
			struct call c;
			struct machine *m = machine_with(id, &c, way, level);
			struct outcome o;

			m->preempt_after = 1;
			m->other_takes = true;
			o = go_through(m, id, &c);
			if (!went_on(m, level)) {
				same_outcome(id, way, level, o);
			}
			machine_free(m);
		}
	}
}

static void every_door_settles_what_is_going_down(void **state)
{
	(void)state;
	enter_all(GOING_DOWN);
}

static void no_door_is_stopped_by_a_table_half_way_up(void **state)
{
	(void)state;
	enter_all(HALF_UP);
}

/* At the first question alone, at the second, and so on. */
static void interrupt_each(enum mmu_operation id, enum way way,
			   unsigned int level)
{
	for (unsigned int at = 0;; at++) {
		struct call c;
		struct machine *m = machine_with(id, &c, way, level);
		struct outcome o;

		m->preempt_at = at;
		m->other_takes = true;
		o = go_through(m, id, &c);
		if (!went_on(m, level)) {
			same_outcome(id, way, level, o);
		}
		machine_free(m);
		if (at >= o.asked) {
			return;
		}
	}
}

static void all_is_paid_wherever_it_stops(void **state)
{
	(void)state;
	for (unsigned int id = MMU_OP_NONE + 1; id < MMU_OPERATIONS; id++) {
		interrupt_each(id, GOING_DOWN, 1);
		interrupt_each(id, GOING_DOWN, 3);
		interrupt_each(id, HALF_UP, 1);
		interrupt_each(id, HALF_UP, 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_is_a_door_of_the_table),
		cmocka_unit_test(every_door_settles_what_is_going_down),
		cmocka_unit_test(no_door_is_stopped_by_a_table_half_way_up),
		cmocka_unit_test(all_is_paid_wherever_it_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
