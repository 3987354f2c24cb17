/* SPDX-License-Identifier: MIT */
/*
 * One test for each invariant I1 to I10. Each names the statement that guards
 * it; with that statement taken out the test fails (tests/mutation/run does
 * just that for all of them).
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support/machine.h"

/* frame.c: `return refuse_type(d, f, type);` */
static void a_frame_keeps_its_type_while_it_is_used(void **state)
{
	struct machine *m = *state;

	standard_space(m);
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L2_TABLE,
				     dom_frame(L1_FRAME).v, 0),
			 -XEN_EINVAL);
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L1_TABLE,
				     dom_frame(DATA_FRAME).v, 0),
			 -XEN_EINVAL);
	assert_int_equal(m->frames[dom_frame(DATA_FRAME).v].type,
			 FRAME_WRITABLE);
}

/* validate.c: `rc = frame_get_type_fast(d, f, FRAME_WRITABLE);` */
static void a_table_cannot_be_mapped_writable(void **state)
{
	struct machine *m = *state;

	standard_space(m);
	for (unsigned int i = 0; i < 4; i++) {
		pte_t rw = pte_make(dom_frame(i), RW_FLAGS);

		assert_int_equal(
			call_mmu_update(m, entry_at(dom_frame(L1_FRAME), 40),
					rw.v),
			-XEN_EBUSY);
		assert_int_equal(call_va_mapping(m, 40 * PAGE_SIZE, rw.v, 0),
				 -XEN_EBUSY);
	}
}

/* validate.c: `return refuse_l1_frame(d, e);` */
static void an_entry_maps_only_the_domains_frames(void **state)
{
	struct machine *m = *state;
	static const struct {
		uint64_t frame;
		int err;
	} rows[] = {
		{5, XEN_EBUSY},                       /* the hypervisor's */
		{MACHINE_FRAMES - 1, XEN_EBUSY},      /* free */
		{MACHINE_FRAMES, XEN_EPERM},          /* beyond RAM */
		{UINT64_C(0xffffffffff), XEN_EINVAL}, /* the invalid frame */
	};

	standard_space(m);
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pte_t e = pte_make(mfn(rows[i].frame), RO_FLAGS);

		assert_int_equal(
			call_mmu_update(m, entry_at(dom_frame(L1_FRAME), 40),
					e.v),
			-rows[i].err);
	}
}

/* validate.c: `return refuse(d, RULE_LINEAR_WRITABLE, facts);` */
static void a_linear_mapping_is_read_only(void **state)
{
	struct machine *m = *state;
	mfn_t l4 = dom_frame(L4_FRAME);

	standard_space(m);
	assert_int_equal(call_mmu_update(m, entry_at(l4, 5),
					 pte_make(l4, RW_FLAGS).v),
			 -XEN_EINVAL);
	assert_int_equal(call_mmu_update(m, entry_at(l4, 5),
					 pte_make(l4, RO_FLAGS).v),
			 0);
}

/* update.c: `return refuse(d, RULE_XEN_SLOT,` */
static void the_hypervisors_slots_cannot_be_set(void **state)
{
	struct machine *m = *state;
	mfn_t l4 = dom_frame(L4_FRAME);
	pte_t e = pte_make(dom_frame(L3_FRAME), TABLE_FLAGS);

	standard_space(m);
	for (unsigned int i = XEN_L4_FIRST; i <= XEN_L4_LAST; i++) {
		assert_int_equal(call_mmu_update(m, entry_at(l4, i), e.v),
				 -XEN_EINVAL);
		assert_int_equal(call_mmu_update(m, entry_at(l4, i), 0),
				 -XEN_EINVAL);
	}
	assert_int_equal(call_mmu_update(m, entry_at(l4, 255), e.v), 0);
	assert_int_equal(call_mmu_update(m, entry_at(l4, 272), e.v), 0);
}

/* update.c: `l1e_put(d, old);` */
static void a_replaced_entry_gives_its_references_back(void **state)
{
	struct machine *m = *state;
	const struct frame *f = &m->frames[dom_frame(DATA_FRAME).v];

	standard_space(m);
	assert_int_equal(f->count, 2);
	assert_int_equal(f->type_count, 1);
	assert_int_equal(call_mmu_update(m, entry_at(dom_frame(L1_FRAME), 0),
					 0),
			 0);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->type_count, 0);
}

/* pin.c: `frame_put_both(d, f);` of mmu_unpin */
static void unpinning_returns_what_the_pin_held(void **state)
{
	struct machine *m = *state;

	raw_space(m, 20, 40);
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE, dom_frame(20).v,
				     0),
			 0);
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE, dom_frame(20).v,
				     0),
			 -XEN_EINVAL);
	assert_int_equal(call_mmuext(m, MMUEXT_UNPIN_TABLE, dom_frame(20).v, 0),
			 0);
	assert_int_equal(call_mmuext(m, MMUEXT_UNPIN_TABLE, dom_frame(20).v, 0),
			 -XEN_EINVAL);
	for (unsigned int i = 20; i < 24; i++) {
		assert_int_equal(m->frames[dom_frame(i).v].type_count, 0);
		assert_int_equal(m->frames[dom_frame(i).v].count, 1);
	}
}

/* root.c: `int rc = frame_get_both(d, f, FRAME_L4);` */
static void a_loaded_root_stays_a_table(void **state)
{
	struct machine *m = *state;

	standard_space(m);
	assert_int_equal(call_mmuext(m, MMUEXT_NEW_USER_BASEPTR,
				     dom_frame(L4_FRAME).v, 0),
			 0);
	assert_int_equal(call_mmuext(m, MMUEXT_UNPIN_TABLE,
				     dom_frame(L4_FRAME).v, 0),
			 0);
	assert_int_equal(m->frames[dom_frame(L4_FRAME).v].type, FRAME_L4);
	assert_int_equal(m->frames[dom_frame(L4_FRAME).v].type_count, 2);
	assert_int_equal(call_mmuext(m, MMUEXT_NEW_BASEPTR, dom_frame(60).v, 0),
			 0); /* an empty L4 */
	assert_int_equal(call_mmuext(m, MMUEXT_NEW_USER_BASEPTR, 0, 0), 0);
	assert_int_equal(m->frames[dom_frame(L4_FRAME).v].type_count, 0);
}

/* frame.c: `mmu_flush_all(d, FLUSH_RETYPED);` of frame_retype */
static void a_page_is_flushed_before_it_becomes_a_table(void **state)
{
	struct machine *m = *state;
	unsigned int flushes;

	standard_space(m);
	/* No flush is asked for: the CPU still has the writable mapping. */
	assert_int_equal(call_va_mapping(m, 0, 0, UVMF_NONE), 0);
	memset(frame_data(&m->mmu, dom_frame(DATA_FRAME)), 0, PAGE_SIZE);
	flushes = m->flushes;
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L1_TABLE,
				     dom_frame(DATA_FRAME).v, 0),
			 0);
	assert_true(m->flushes > flushes);
}

/*
 * Guarded twice, so no single deletion breaks it: update.c pays for every
 * upper-level entry that goes, and frame_retype() for every type that changes.
 */
static void a_table_is_flushed_before_it_becomes_writable(void **state)
{
	struct machine *m = *state;

	standard_space(m);
	raw_entry(m, dom_frame(30), 0, pte_make(dom_frame(50), RW_FLAGS));
	assert_int_equal(
		call_mmu_update(m, entry_at(dom_frame(L2_FRAME), 1),
				pte_make(dom_frame(30), TABLE_FLAGS).v),
		0);
	assert_int_equal(call_mmu_update(m, entry_at(dom_frame(L2_FRAME), 1),
					 0),
			 0);
	assert_int_equal(call_va_mapping(m, 0,
					 pte_make(dom_frame(30), RW_FLAGS).v,
					 UVMF_NONE),
			 0);
}

/* pool.c: `flush_owe(d, FLUSH_FREED);` */
static void a_freed_frame_is_flushed_before_it_is_given_away(void **state)
{
	struct machine *m = *state;
	struct xen_memory_reservation r = {.nr_extents = 1,
					   .domid = DOMID_SELF};
	uint64_t frame = dom_frame(DATA_FRAME).v;

	standard_space(m);
	memcpy(m->guest + 512, &frame, sizeof(frame));
	set_xen_guest_handle(r.extent_start,
			     (void *)(uintptr_t)(GUEST_BUFFER + 512));
	memcpy(m->guest + 256, &r, sizeof(r));
	assert_int_equal(machine_call(m, hc_memory_op,
				      XENMEM_decrease_reservation,
				      GUEST_BUFFER + 256, 0, 0),
			 1);
	/* Still mapped, so still the domain's; then its last mapping goes. */
	assert_int_equal(m->frames[frame].owner, TEST_TAG);
	assert_int_equal(call_va_mapping(m, 0, 0, UVMF_NONE), 0);
	assert_int_equal(m->frames[frame].owner, OWNER_FREE);
}

/* validate.c: `rc = -XEN_ERESTART;` of entries_get */
static void validating_a_large_space_can_be_interrupted(void **state)
{
	struct machine *m = *state;

	raw_space(m, 20, 40);
	for (unsigned int i = 0; i < 16; i++) {
		raw_entry(m, dom_frame(22), i + 1,
			  pte_make(dom_frame(60 + i), TABLE_FLAGS));
	}
	m->preempt_after = 1;
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE, dom_frame(20).v,
				     0),
			 0);
	assert_true(m->restarts >= 16);
	assert_int_equal(call_mmuext(m, MMUEXT_UNPIN_TABLE, dom_frame(20).v, 0),
			 0);
	m->preempt_after = 0;
	assert_int_equal(mmu_settle(&m->dom), 0);
	machine_check(m);
	assert_int_equal(m->frames[dom_frame(60).v].type_count, 0);
}

#define T(f) \
	cmocka_unit_test_setup_teardown(f, machine_set_up, machine_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_frame_keeps_its_type_while_it_is_used),
		T(a_table_cannot_be_mapped_writable),
		T(an_entry_maps_only_the_domains_frames),
		T(a_linear_mapping_is_read_only),
		T(the_hypervisors_slots_cannot_be_set),
		T(a_replaced_entry_gives_its_references_back),
		T(unpinning_returns_what_the_pin_held),
		T(a_loaded_root_stays_a_table),
		T(a_page_is_flushed_before_it_becomes_a_table),
		T(a_table_is_flushed_before_it_becomes_writable),
		T(a_freed_frame_is_flushed_before_it_is_given_away),
		T(validating_a_large_space_can_be_interrupted),
	};

	return cmocka_run_group_tests_name("engine invariants", tests, NULL,
					   NULL);
}
