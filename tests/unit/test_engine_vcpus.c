/* SPDX-License-Identifier: MIT */
/*
 * The start of a further vCPU: GDT, user's root, kernel's root, all or none.
 * Whichever of them is refused, and wherever the validation of a root stops,
 * every frame has the counts that it had, and the vCPU has nothing. Every step
 * is followed by the audit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support/machine.h"

enum { SPACE = 20, GDT_PAGE = 30, NO_TABLE = 31 };

static int set_up(void **state)
{
	struct machine *m = machine_new();

	standard_space(m);
	raw_space(m, SPACE, DATA_FRAME);
	/* Its validation asks whether to stop, before the second entry. */
	raw_entry(m, dom_frame(SPACE), 1, entry_of(m, dom_frame(SPACE), 0));
	mmu_vcpu_init(&m->second, &m->dom, 1, m->cpu[CPU_SECOND].window);
	m->cpu[CPU_SECOND].vcpu = &m->second;
	machine_check(m);
	*state = m;
	return 0;
}

static int start_with(struct machine *m, unsigned int kernel, mfn_t user,
		      unsigned int gdt)
{
	const uint64_t page = dom_frame(gdt).v;
	int rc = mmu_start_vcpu(&m->vcpu, &m->second, dom_frame(kernel), user,
				&page, 8);

	machine_check(m);
	return rc;
}

static bool has_nothing(const struct mmu_vcpu *v)
{
	for (unsigned int i = 0; i < GDT_FRAMES; i++) {
		if (v->gdt[i].v != 0 ||
		    pte_mfn(v->desc_window[i]).v != v->dom->m->zero_frame.v) {
			return false;
		}
	}
	return v->kernel_root.v == 0 && v->user_root.v == 0 &&
	       v->gdt_entries == 0;
}

/* What is known of a frame, but for what it was last. */
static void assert_same_counts(const struct machine *m,
			       const struct frame before[MACHINE_FRAMES])
{
	for (unsigned int i = 0; i < MACHINE_FRAMES; i++) {
		assert_int_equal(m->frames[i].count, before[i].count);
		assert_int_equal(frame_type_refs(&m->frames[i]),
				 frame_type_refs(&before[i]));
		assert_int_equal(m->frames[i].owner, before[i].owner);
	}
}

static void a_started_vcpu_has_all_three(void **state)
{
	struct machine *m = *state;

	assert_int_equal(start_with(m, L4_FRAME, dom_frame(SPACE), GDT_PAGE),
			 0);
	assert_int_equal(m->second.kernel_root.v, dom_frame(L4_FRAME).v);
	assert_int_equal(m->second.user_root.v, dom_frame(SPACE).v);
	assert_int_equal(m->second.gdt[0].v, dom_frame(GDT_PAGE).v);
	assert_int_equal(m->frames[dom_frame(SPACE).v].type, FRAME_L4);
	assert_int_equal(m->frames[dom_frame(GDT_PAGE).v].type, FRAME_DESC);
	/* The first one's root has another holder. */
	assert_int_equal(m->frames[dom_frame(L4_FRAME).v].type_count, 3);
}

static void whatever_is_refused_all_of_it_is_undone(void **state)
{
	struct machine *m = *state;
	const struct {
		unsigned int kernel;
		mfn_t user;
		unsigned int gdt;
	} bad[] = {
		/* a data frame, mapped writable; an L1; nobody's */
		{DATA_FRAME, dom_frame(SPACE), GDT_PAGE},
		{L1_FRAME, dom_frame(SPACE), GDT_PAGE},
		{DOM_FRAMES, dom_frame(SPACE), GDT_PAGE},
		{L4_FRAME, dom_frame(L2_FRAME), GDT_PAGE},
		{SPACE, dom_frame(DATA_FRAME), GDT_PAGE},
		{SPACE, dom_frame(L4_FRAME), L1_FRAME},
		{SPACE, mfn(0), DATA_FRAME},
		/* one frame cannot be the GDT and a root */
		{SPACE, mfn(0), SPACE},
		/* no L4: its first entry leads to what is mapped writable */
		{NO_TABLE, dom_frame(L4_FRAME), GDT_PAGE},
		{NO_TABLE, dom_frame(SPACE), GDT_PAGE},
	};
	struct frame before[MACHINE_FRAMES];

	raw_entry(m, dom_frame(NO_TABLE), 0,
		  pte_make(dom_frame(DATA_FRAME), TABLE_FLAGS));
	memcpy(before, m->frames, sizeof(before));
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true(start_with(m, bad[i].kernel, bad[i].user,
				       bad[i].gdt) < 0);
		assert_true(has_nothing(&m->second));
		/* What was refused last may still be on its way down. */
		assert_int_equal(call_mmuext(m, MMUEXT_TLB_FLUSH_ALL, 0, 0), 0);
		assert_same_counts(m, before);
	}
	assert_int_equal(start_with(m, L4_FRAME, dom_frame(SPACE), GDT_PAGE),
			 0);
}

/* At every question, in turn: it stops, holds nothing, and is asked again. */
static void a_start_that_stops_leaves_the_vcpu_as_it_was(void **state)
{
	struct machine *m = *state;
	unsigned int stops = 0;
	int rc = -XEN_ERESTART;

	for (unsigned int at = 1; rc == -XEN_ERESTART; at++) {
		m->preempt_asked = 0;
		m->preempt_at = at;
		/* And again when it asks whether to go on at once. */
		m->preempt_after = 1;
		rc = start_with(m, SPACE, dom_frame(L4_FRAME), GDT_PAGE);
		if (rc == -XEN_ERESTART) {
			assert_true(has_nothing(&m->second));
			assert_true(++stops < 100);
		}
	}
	assert_int_equal(rc, 0);
	assert_true(stops > 0);
	assert_int_equal(m->second.kernel_root.v, dom_frame(SPACE).v);
}

/* The user's root is taken before the kernel's is found to be none. */
static void an_undone_users_root_can_be_something_else(void **state)
{
	struct machine *m = *state;

	assert_true(start_with(m, L1_FRAME, dom_frame(SPACE), GDT_PAGE) < 0);
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L1_TABLE,
				     dom_frame(GDT_PAGE).v, 0),
			 0);
	assert_int_equal(
		call_mmu_update(m, entry_at(dom_frame(L1_FRAME), 9),
				pte_make(dom_frame(SPACE), RW_FLAGS).v),
		0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_started_vcpu_has_all_three,
						set_up, machine_tear_down),
		cmocka_unit_test_setup_teardown(
			whatever_is_refused_all_of_it_is_undone, set_up,
			machine_tear_down),
		cmocka_unit_test_setup_teardown(
			a_start_that_stops_leaves_the_vcpu_as_it_was, set_up,
			machine_tear_down),
		cmocka_unit_test_setup_teardown(
			an_undone_users_root_can_be_something_else, set_up,
			machine_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
