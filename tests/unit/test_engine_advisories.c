/* SPDX-License-Identifier: MIT */
/*
 * What went wrong in Xen's own implementation of the contract, tried on ours.
 * Each test is named after the Xen Security Advisory it comes from.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support/machine.h"

/*
 * 148, 182: no combination of changed flags of a live entry, at any level,
 * makes a table writable or an entry that validation would refuse.
 */
static void xsa_182_flags_of_live_entries(void **state)
{
	struct machine *m = *state;

	for (unsigned int level = 1; level <= 4; level++) {
		mfn_t table = dom_frame(4 - level);
		unsigned int index = level == 1 ? RO_ENTRY : 0;
		pte_t live = entry_of(m, table, index);

		for (unsigned int a = 0; a < 64; a++) {
			for (unsigned int b = a; b < 64; b++) {
				uint64_t bits = UINT64_C(1) << a | UINT64_C(1)
									   << b;
				pte_t e = pte(live.v ^ bits);
				int64_t rc;

				if (bits & PTE_FRAME_MASK) {
					continue;
				}
				rc = call_mmu_update(m, entry_at(table, index),
						     e.v);
				if (level == 1 && pte_present(e)) {
					/* RO_ENTRY maps the L4 */
					assert_true(rc != 0 ||
						    !pte_writable(e));
				}
				if ((e.v & PTE_PS) && pte_present(e)) {
					assert_int_equal(rc, -XEN_EINVAL);
				}
				assert_int_equal(
					call_mmu_update(m,
							entry_at(table, index),
							live.v),
					0);
			}
		}
	}
}

/* 227: an address that is not aligned names no entry. */
static void xsa_227_misaligned_addresses(void **state)
{
	struct machine *m = *state;
	mfn_t l1 = dom_frame(L1_FRAME);

	for (unsigned int low = 4; low < 8; low++) {
		assert_int_equal(call_mmu_update(m, entry_at(l1, 0) + low, 0),
				 -XEN_ENOSYS);
	}
	for (unsigned int low = 1; low < 8; low++) {
		assert_int_equal(machine_call(m, hc_update_descriptor,
					      entry_at(dom_frame(20), 0) + low,
					      0, 0, 0),
				 -XEN_EINVAL);
	}
}

/* 240: linear tables do not chain, and uses are counted. */
static void xsa_240_linear_chains(void **state)
{
	struct machine *m = *state;
	mfn_t a = dom_frame(20);
	mfn_t b = dom_frame(21);
	mfn_t c = dom_frame(22);

	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE, a.v, 0), 0);
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE, b.v, 0), 0);
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE, c.v, 0), 0);
	assert_int_equal(call_mmu_update(m, entry_at(a, 1),
					 pte_make(b, RO_FLAGS).v),
			 0);
	assert_int_equal(call_mmu_update(m, entry_at(b, 1),
					 pte_make(c, RO_FLAGS).v),
			 -XEN_EINVAL);
	assert_int_equal(call_mmu_update(m, entry_at(c, 1),
					 pte_make(a, RO_FLAGS).v),
			 -XEN_EINVAL);
	assert_int_equal(call_mmu_update(m, entry_at(b, 1),
					 pte_make(a, RO_FLAGS).v),
			 -XEN_EINVAL);
	assert_int_equal(call_mmu_update(m, entry_at(a, 1), 0), 0);
	assert_int_equal(call_mmu_update(m, entry_at(b, 1),
					 pte_make(c, RO_FLAGS).v),
			 0);
}

/*
 * 299, 309, 310: validation and teardown of a space with tables at all levels
 * and linear entries, stopped after every number of steps.
 */
static void xsa_299_every_interruption(void **state)
{
	struct machine *m = *state;

	for (unsigned int every = 1; every < 40; every++) {
		raw_space(m, 20, 40);
		for (unsigned int i = 0; i < 6; i++) {
			raw_entry(m, dom_frame(22), i + 1,
				  pte_make(dom_frame(60 + i), TABLE_FLAGS));
		}
		raw_entry(m, dom_frame(20), 9,
			  pte_make(dom_frame(20), RO_FLAGS));
		raw_entry(m, dom_frame(20), 10,
			  pte_make(dom_frame(L4_FRAME), RO_FLAGS));
		m->preempt_after = every;
		m->preempt_asked = 0;
		assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE,
					     dom_frame(20).v, 0),
				 0);
		assert_int_equal(call_mmuext(m, MMUEXT_UNPIN_TABLE,
					     dom_frame(20).v, 0),
				 0);
		while (mmu_settle(&m->dom) != 0) {
			machine_check(m);
		}
		m->preempt_after = 0;
		assert_int_equal(m->frames[dom_frame(65).v].count, 1);
	}
}

/* 299: a refusal far down returns what was taken, wherever it was stopped. */
static void xsa_299_refusal_after_interruption(void **state)
{
	struct machine *m = *state;

	for (unsigned int every = 1; every < 20; every++) {
		raw_space(m, 20, 40);
		raw_entry(m, dom_frame(22), 7,
			  pte_make(dom_frame(60), TABLE_FLAGS));
		raw_entry(m, dom_frame(60), 511,
			  pte_make(dom_frame(L1_FRAME), RW_FLAGS));
		m->preempt_after = every;
		assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE,
					     dom_frame(20).v, 0),
				 -XEN_EBUSY);
		m->preempt_after = 0;
		assert_int_equal(mmu_settle(&m->dom), 0);
		machine_check(m);
		for (unsigned int i = 20; i < 24; i++) {
			assert_int_equal(m->frames[dom_frame(i).v].count, 1);
		}
	}
}

/* A stopped validation that nobody finishes does not keep the frame. */
static void a_partial_table_can_be_used_as_something_else(void **state)
{
	struct machine *m = *state;
	struct mmuext_op op = {.cmd = MMUEXT_PIN_L4_TABLE};
	uint64_t arg[6] = {GUEST_BUFFER, 1, 0, DOMID_SELF};

	raw_space(m, 20, 40);
	raw_entry(m, dom_frame(20), 1, pte_make(dom_frame(61), TABLE_FLAGS));
	op.arg1.mfn = dom_frame(20).v;
	memcpy(m->guest, &op, sizeof(op));
	m->preempt_after = 1;
	assert_int_equal(hc_mmuext_op(&m->vcpu, arg), -XEN_ERESTART);
	machine_check(m);
	m->preempt_after = 0;
	assert_int_equal(call_mmuext(m, MMUEXT_CLEAR_PAGE, dom_frame(20).v, 0),
			 0);
	assert_int_equal(m->frames[dom_frame(20).v].count, 1);
}

/* 279: an update that fails flushes nothing, canonical or not. */
static void xsa_279_no_flush_after_failure(void **state)
{
	struct machine *m = *state;
	unsigned int flushes = m->flushes;

	assert_int_equal(call_va_mapping(m, UINT64_C(0x0000900000000000), 0,
					 UVMF_INVLPG),
			 -XEN_EINVAL);
	assert_int_equal(call_va_mapping(m, UINT64_C(0x0000900000000000), 0,
					 UVMF_TLB_FLUSH),
			 -XEN_EINVAL);
	assert_int_equal(m->flushes, flushes);
}

/* 286: what an L2 update took away is gone when the request returns. */
static void xsa_286_upper_updates_flush(void **state)
{
	struct machine *m = *state;
	unsigned int flushes = m->flushes;

	assert_int_equal(call_mmu_update(m, entry_at(dom_frame(L2_FRAME), 0),
					 0),
			 0);
	assert_true(m->flushes > flushes);
}

/* 252: giving a pinned frame back does not unpin it. */
static void xsa_252_pinned_frames_stay_pinned(void **state)
{
	struct machine *m = *state;
	uint64_t l4 = dom_frame(L4_FRAME).v;
	struct xen_memory_reservation r = {.nr_extents = 1,
					   .domid = DOMID_SELF};

	memcpy(m->guest + 512, &l4, sizeof(l4));
	set_xen_guest_handle(r.extent_start,
			     (void *)(uintptr_t)(GUEST_BUFFER + 512));
	memcpy(m->guest + 256, &r, sizeof(r));
	assert_int_equal(machine_call(m, hc_memory_op,
				      XENMEM_decrease_reservation,
				      GUEST_BUFFER + 256, 0, 0),
			 1);
	assert_int_equal(m->frames[l4].type, FRAME_L4);
	assert_int_equal(m->frames[l4].owner, TEST_TAG);
}

/* 213: a multicall does not nest. 212: its list may lie nowhere. */
static void xsa_213_nested_multicalls(void **state)
{
	struct machine *m = *state;
	struct multicall_entry e = {.op = __HYPERVISOR_multicall};

	memcpy(m->guest, &e, sizeof(e));
	assert_int_equal(machine_call(m, hc_multicall, GUEST_BUFFER, 1, 0, 0),
			 0);
	memcpy(&e, m->guest, sizeof(e));
	assert_int_equal((int64_t)e.result, -XEN_EINVAL);
	assert_int_equal(machine_call(m, hc_multicall, ~UINT64_C(0) - 64, 9, 0,
				      0),
			 -XEN_EFAULT);
}

/* 167: frame numbers beyond memory are refused by every operation. */
static void xsa_167_invalid_frames(void **state)
{
	struct machine *m = *state;
	static const unsigned int cmds[] = {MMUEXT_PIN_L1_TABLE,
					    MMUEXT_PIN_L4_TABLE,
					    MMUEXT_UNPIN_TABLE,
					    MMUEXT_NEW_BASEPTR,
					    MMUEXT_NEW_USER_BASEPTR,
					    MMUEXT_CLEAR_PAGE,
					    MMUEXT_COPY_PAGE};
	static const uint64_t frames[] = {MACHINE_FRAMES, UINT32_MAX,
					  UINT64_C(1) << 40, ~UINT64_C(0)};
	const uint64_t at = entry_at(dom_frame(L1_FRAME), 100);

	for (unsigned int i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++) {
		for (unsigned int j = 0; j < 4; j++) {
			assert_int_equal(call_mmuext(m, cmds[i], frames[j],
						     frames[j]),
					 -XEN_EINVAL);
		}
	}
	for (unsigned int i = 0; i < 2; i++) {
		/* As many bits as an entry has for it. */
		uint64_t e = frames[i] << PAGE_SHIFT;

		assert_int_equal(call_mmu_update(m, at, e | RO_FLAGS),
				 -XEN_EPERM);
		assert_int_equal(call_mmu_update(m, at, e | RW_FLAGS),
				 -XEN_EPERM);
		assert_int_equal(call_mmu_update(m, e, 0), -XEN_EINVAL);
	}
	assert_int_equal(call_mmuext(m, MMUEXT_MARK_SUPER, 0, 0),
			 -XEN_EOPNOTSUPP);
	assert_int_equal(call_mmuext(m, 99, 0, 0), -XEN_ENOSYS);
}

/* The hypervisor's slots, reached one level down through a self-map. */
static void the_hypervisors_slots_stay_out_of_reach_by_a_self_map(void **state)
{
	struct machine *m = *state;
	mfn_t l4 = dom_frame(L4_FRAME);
	uint64_t val = pte_make(dom_frame(DATA_FRAME), RW_FLAGS).v;

	assert_int_equal(call_mmu_update(m, entry_at(l4, 5),
					 pte_make(l4, RO_FLAGS).v),
			 0);
	for (unsigned int level = 3; level >= 1; level--) {
		uint64_t va = 0;

		for (unsigned int l = 4; l >= 1; l--) {
			va |= (uint64_t)(l == level ? 256 : 5) << pt_shift(l);
		}
		assert_int_equal(call_va_mapping(m, va, val, 0), -XEN_EINVAL);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, space_set_up, machine_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(xsa_182_flags_of_live_entries),
		T(xsa_227_misaligned_addresses),
		T(xsa_240_linear_chains),
		T(xsa_299_every_interruption),
		T(xsa_299_refusal_after_interruption),
		T(a_partial_table_can_be_used_as_something_else),
		T(xsa_279_no_flush_after_failure),
		T(xsa_286_upper_updates_flush),
		T(xsa_252_pinned_frames_stay_pinned),
		T(xsa_213_nested_multicalls),
		T(xsa_167_invalid_frames),
		T(the_hypervisors_slots_stay_out_of_reach_by_a_self_map),
	};

	return cmocka_run_group_tests_name("engine advisories", tests, NULL,
					   NULL);
}
