/* SPDX-License-Identifier: MIT */
/*
 * Frames that the hypervisor and the guest share: the guest's own that the
 * hypervisor writes (held), and the hypervisor's that the guest may map (lent,
 * and taken back). Every step is followed by the audit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support/machine.h"

static uint64_t l1_slot(unsigned int index)
{
	return entry_at(dom_frame(L1_FRAME), index);
}

static void a_held_frame_never_becomes_a_table(void **state)
{
	struct machine *m = *state;
	mfn_t held = dom_frame(DATA_FRAME);

	standard_space(m);
	assert_int_equal(mmu_hold(&m->dom, held), 0);
	machine_check(m);
	/* Not even when the guest has taken its own mapping away. */
	assert_int_equal(call_mmu_update(m, l1_slot(0), 0), 0);
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L1_TABLE, held.v, 0),
			 -XEN_EINVAL);
	assert_int_equal(m->frames[held.v].type, FRAME_WRITABLE);
}

static void what_is_no_writable_frame_cannot_be_held(void **state)
{
	struct machine *m = *state;

	standard_space(m);
	assert_int_not_equal(mmu_hold(&m->dom, dom_frame(L1_FRAME)), 0);
	assert_int_not_equal(mmu_hold(&m->dom, mfn(5)), 0);
	assert_int_not_equal(mmu_hold(&m->dom, mfn(MACHINE_FRAMES - 1)), 0);
	assert_int_equal(m->dom.nr_held, 0);
	machine_check(m);
}

static void no_more_are_held_than_there_is_room_for(void **state)
{
	struct machine *m = *state;

	standard_space(m);
	for (unsigned int i = 0; i < MMU_MAX_HELD; i++) {
		assert_int_equal(mmu_hold(&m->dom, dom_frame(DATA_FRAME)), 0);
	}
	assert_int_equal(mmu_hold(&m->dom, dom_frame(DATA_FRAME)), -XEN_ENOSPC);
	machine_check(m);
}

static void a_dead_domain_holds_nothing(void **state)
{
	struct machine *m = *state;
	mfn_t held = dom_frame(DATA_FRAME + 1);

	standard_space(m);
	assert_int_equal(mmu_hold(&m->dom, held), 0);
	while (mmu_domain_destroy(&m->dom) == -XEN_ERESTART) {
	}
	assert_int_equal(m->dom.nr_held, 0);
	assert_int_equal(m->frames[held.v].owner, OWNER_FREE);
	machine_check(m);
}

static void a_lent_frame_is_taken_back_when_nobody_maps_it(void **state)
{
	struct machine *m = *state;
	mfn_t lent = mfn(SHARED_FRAME);
	uint64_t mapping = pte_make(lent, RW_FLAGS).v;

	standard_space(m);
	assert_int_equal(call_mmu_update(m, l1_slot(40), mapping), 0);
	assert_int_equal(m->frames[lent.v].count, 2);
	assert_int_equal(mmu_unshare(&m->dom, lent, 1), -XEN_EBUSY);
	assert_int_equal(m->frames[lent.v].count, 2);
	assert_int_equal(call_mmu_update(m, l1_slot(40), 0), 0);
	assert_int_equal(m->frames[lent.v].count, 1);
	assert_int_equal(mmu_unshare(&m->dom, lent, 1), 0);
	/* The CPU's cached translations of it are gone too. */
	machine_check(m);
	assert_int_equal(m->frames[lent.v].owner, OWNER_XEN);
	assert_int_equal(call_mmu_update(m, l1_slot(40), mapping), -XEN_EBUSY);
	mmu_share(&m->dom, lent, true);
	assert_int_equal(call_mmu_update(m, l1_slot(40), mapping), 0);
}

/* What is no longer the domain's it must not even read. */
static void a_freed_frame_that_was_only_read_is_flushed(void **state)
{
	struct machine *m = *state;
	const uint64_t frame = dom_frame(61).v;
	struct xen_memory_reservation r = {.nr_extents = 1,
					   .domid = DOMID_SELF};
	unsigned int before;

	standard_space(m);
	assert_int_equal(call_mmu_update(m, l1_slot(40),
					 pte_make(mfn(frame), RO_FLAGS).v),
			 0);
	memcpy(m->guest + 512, &frame, sizeof(frame));
	set_xen_guest_handle(r.extent_start,
			     (void *)(uintptr_t)(GUEST_BUFFER + 512));
	memcpy(m->guest + 256, &r, sizeof(r));
	assert_int_equal(machine_call(m, hc_memory_op,
				      XENMEM_decrease_reservation,
				      GUEST_BUFFER + 256, 0, 0),
			 1);
	assert_int_equal(m->frames[frame].type, FRAME_NONE);
	before = m->flushes;
	assert_int_equal(call_mmu_update(m, l1_slot(40), 0), 0);
	assert_int_equal(m->frames[frame].owner, OWNER_FREE);
	assert_true(m->flushes > before);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, machine_set_up, machine_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_held_frame_never_becomes_a_table),
		TEST(what_is_no_writable_frame_cannot_be_held),
		TEST(no_more_are_held_than_there_is_room_for),
		TEST(a_dead_domain_holds_nothing),
		TEST(a_lent_frame_is_taken_back_when_nobody_maps_it),
		TEST(a_freed_frame_that_was_only_read_is_flushed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
