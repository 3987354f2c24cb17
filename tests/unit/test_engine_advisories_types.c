/* SPDX-License-Identifier: MIT */
/*
 * Advisories about types: changes of type and the flushes they owe, states
 * half-way, flags and descriptors. As in test_engine_advisories.c, each test
 * is named after the Xen Security Advisory that it comes from.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support/machine.h"

#define FREE_VA (40 * PAGE_SIZE) /* in the L1, and mapped by nothing */
#define SPARE 20                 /* a frame that nothing uses */

static int64_t map(struct machine *m, mfn_t f, uint64_t flags)
{
	return call_va_mapping(m, FREE_VA, pte_make(f, flags).v, 0);
}

static int64_t unmap(struct machine *m)
{
	return call_va_mapping(m, FREE_VA, 0, 0);
}

/*
 * 401: a flush that was paid is not the one that is owed. Between it and the
 * change of type the page was mapped writable anew.
 */
static void xsa_401_a_flush_before_the_last_mapping_does_not_count(void **state)
{
	struct machine *m = *state;
	mfn_t f = dom_frame(SPARE);

	assert_int_equal(map(m, f, RW_FLAGS), 0);
	assert_int_equal(unmap(m), 0);
	assert_int_equal(call_mmuext(m, MMUEXT_TLB_FLUSH_ALL, 0, 0), 0);
	assert_int_equal(map(m, f, RW_FLAGS), 0);
	assert_int_equal(unmap(m), 0);
	m->flushes = 0;
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L1_TABLE, f.v, 0), 0);
	assert_true(m->flushes > 0);
}

/* Gives a frame a type and takes it away again, with no flush of its own. */
static void had_type(struct machine *m, mfn_t f, enum frame_type type)
{
	/* What was an L4 keeps the hypervisor's entries, which are no L1's. */
	memset(frame_data(&m->mmu, f), 0, PAGE_SIZE);
	assert_int_equal(frame_get_both(&m->dom, f, type), 0);
	frame_put_both(&m->dom, f);
	assert_int_equal(mmu_settle(&m->dom), 0);
}

/* 408: whether a flush is owed is asked of the old type, whatever the new. */
static void xsa_408_the_old_type_decides(void **state)
{
	static const enum frame_type types[] = {FRAME_L1,   FRAME_L2,
						FRAME_L3,   FRAME_L4,
						FRAME_DESC, FRAME_WRITABLE};
	struct machine *m = *state;
	mfn_t f = dom_frame(SPARE);

	for (unsigned int i = 0; i < 36; i++) {
		enum frame_type old = types[i / 6];
		enum frame_type new = types[i % 6];

		mmu_flush_all(&m->dom, FLUSH_ASKED);
		had_type(m, f, old);
		m->flushes = 0;
		had_type(m, f, new);
		assert_int_equal(m->flushes, old == new ? 0 : 1);
	}
}

/* 286: a request sees the tables as the one before it in a batch made them. */
static void xsa_286_a_walk_sees_the_new_tables(void **state)
{
	struct machine *m = *state;
	mfn_t l1 = dom_frame(SPARE);
	pte_t data = pte_make(dom_frame(30), RW_FLAGS);
	struct mmu_update u = {
		.ptr = entry_at(dom_frame(L2_FRAME), 0),
		.val = pte_make(l1, TABLE_FLAGS).v,
	};
	struct multicall_entry calls[2] = {
		{.op = __HYPERVISOR_mmu_update,
		 .args = {GUEST_BUFFER + 512, 1, 0, DOMID_SELF}},
		{.op = __HYPERVISOR_update_va_mapping,
		 .args = {FREE_VA, data.v, 0}},
	};

	memcpy(m->guest, calls, sizeof(calls));
	memcpy(m->guest + 512, &u, sizeof(u));
	assert_int_equal(machine_call(m, hc_multicall, GUEST_BUFFER, 2, 0, 0),
			 0);
	assert_int_equal(pte_mfn(entry_of(m, l1, 40)).v, dom_frame(30).v);
	assert_int_equal(entry_of(m, dom_frame(L1_FRAME), 40).v, 0);
}

static int64_t link_l4(struct machine *m, mfn_t from, unsigned int slot,
		       mfn_t to)
{
	return call_mmu_update(m, entry_at(from, slot),
			       pte_make(to, RO_FLAGS).v);
}

/*
 * 280: the count of linear uses shares its room with the epoch, which other
 * types use. Nothing that happens to a table in use writes the other field.
 */
static void xsa_280_the_linear_count_is_not_overwritten(void **state)
{
	struct machine *m = *state;
	mfn_t a = dom_frame(SPARE);
	mfn_t b = dom_frame(SPARE + 1);
	mfn_t c = dom_frame(SPARE + 2);

	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE, a.v, 0), 0);
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE, b.v, 0), 0);
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE, c.v, 0), 0);
	assert_int_equal(link_l4(m, a, 1, b), 0);
	for (unsigned int i = 0; i < 5; i++) {
		assert_int_equal(map(m, b, RO_FLAGS), 0);
		assert_int_equal(unmap(m), 0);
		assert_int_equal(map(m, b, RW_FLAGS), -XEN_EBUSY);
		assert_int_equal(call_mmuext(m, MMUEXT_TLB_FLUSH_ALL, 0, 0), 0);
		assert_int_equal(call_mmuext(m, MMUEXT_UNPIN_TABLE, b.v, 0), 0);
		assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE, b.v, 0),
				 0);
	}
	assert_int_equal(m->frames[b.v].table.linear, 1);
	assert_int_equal(m->frames[a.v].table.linear, -1);
	assert_int_equal(link_l4(m, b, 1, c), -XEN_EINVAL);
	assert_int_equal(call_mmu_update(m, entry_at(a, 1), 0), 0);
	assert_int_equal(m->frames[b.v].table.linear, 0);
}

/* 309: going on with a validation keeps the linear uses counted so far. */
static void xsa_309_linear_uses_survive_an_interruption(void **state)
{
	struct machine *m = *state;
	mfn_t table = dom_frame(SPARE);

	for (unsigned int i = 0; i < 12; i++) {
		raw_entry(m, table, i * 3,
			  pte_make(dom_frame(L4_FRAME), RO_FLAGS));
	}
	m->preempt_after = 1;
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE, table.v, 0), 0);
	assert_true(m->restarts > 2);
	assert_int_equal(m->frames[table.v].table.linear, -12);
	assert_int_equal(m->frames[dom_frame(L4_FRAME).v].table.linear, 12);
	assert_int_equal(call_mmuext(m, MMUEXT_UNPIN_TABLE, table.v, 0), 0);
	assert_int_equal(call_mmuext(m, MMUEXT_CLEAR_PAGE, table.v, 0), 0);
	assert_int_equal(m->frames[dom_frame(L4_FRAME).v].table.linear, 0);
}

/* One try at a pin that does not come back for the rest. */
static int64_t pin_once(struct machine *m, mfn_t f)
{
	struct mmuext_op op = {.cmd = MMUEXT_PIN_L4_TABLE};
	uint64_t arg[6] = {GUEST_BUFFER, 1, 0, DOMID_SELF};
	int64_t rc;

	op.arg1.mfn = f.v;
	memcpy(m->guest, &op, sizeof(op));
	rc = hc_mmuext_op(&m->vcpu, arg);
	machine_check(m);
	return rc;
}

/*
 * 299, 310: a validation is left half-way, at every depth, and its tables are
 * used as something else from below and from above: nothing stays behind.
 */
static void xsa_299_half_validated_tables_are_used_otherwise(void **state)
{
	struct machine *m = *state;

	for (unsigned int n = 0; n < 64; n++) {
		raw_space(m, SPARE, 40);
		for (unsigned int i = 1; i < 4; i++) {
			raw_entry(m, dom_frame(SPARE + 2), i,
				  pte_make(dom_frame(60 + i), TABLE_FLAGS));
		}
		m->preempt_after = n / 4 + 1;
		m->preempt_asked = 0;
		(void)pin_once(m, dom_frame(SPARE));
		m->preempt_after = 0;
		(void)call_mmuext(m, MMUEXT_UNPIN_TABLE, dom_frame(SPARE).v, 0);
		for (unsigned int i = 0; i < 4; i++) {
			unsigned int at = n % 2 ? i : 3 - i;
			mfn_t f = dom_frame(SPARE + at);

			(void)call_mmuext(m, MMUEXT_PIN_L1_TABLE + n / 2 % 2,
					  f.v, 0);
			(void)call_mmuext(m, MMUEXT_UNPIN_TABLE, f.v, 0);
			(void)call_mmuext(m, MMUEXT_CLEAR_PAGE, f.v, 0);
		}
		for (unsigned int i = 0; i < 4; i++) {
			mfn_t f = dom_frame(SPARE + i);

			assert_int_equal(call_mmuext(m, MMUEXT_CLEAR_PAGE, f.v,
						     0),
					 0);
			assert_int_equal(m->frames[f.v].count, 1);
		}
		assert_int_equal(m->frames[dom_frame(40).v].count, 1);
		assert_int_equal(m->frames[dom_frame(61).v].count, 1);
	}
}

/*
 * 45, 290: each request that may validate or take down a large space stops
 * when asked to, and gets further with each try.
 */
static void xsa_45_every_long_request_can_be_stopped(void **state)
{
	struct machine *m = *state;
	mfn_t root = dom_frame(SPARE);

	raw_space(m, SPARE, 40);
	for (unsigned int i = 1; i < 20; i++) {
		raw_entry(m, dom_frame(SPARE + 2), i,
			  pte_make(dom_frame(60 + i), TABLE_FLAGS));
	}
	m->preempt_after = 1;
	assert_int_equal(call_mmuext(m, MMUEXT_NEW_USER_BASEPTR, root.v, 0), 0);
	assert_true(m->restarts > 10);
	assert_int_equal(call_mmuext(m, MMUEXT_NEW_USER_BASEPTR, 0, 0), 0);
	/* What a request has left to do, the next one does first. */
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE, root.v, 0), 0);
	assert_true(m->restarts > 10);
	assert_int_equal(call_mmuext(m, MMUEXT_UNPIN_TABLE, root.v, 0), 0);
	assert_int_equal(call_mmuext(m, MMUEXT_CLEAR_PAGE, root.v, 0), 0);
	assert_true(m->restarts > 10);
	m->preempt_after = 0;
}

/* 273: known, and not mitigated (docs/compatibility.md): what is not present
 * is kept as it is, and holds nothing. */
static void xsa_273_entries_that_are_not_present_hold_nothing(void **state)
{
	static const uint64_t addresses[] = {0, FIRST_FRAME, MACHINE_FRAMES,
					     UINT64_C(1) << 39};
	struct machine *m = *state;

	for (unsigned int level = 1; level <= 4; level++) {
		mfn_t table = dom_frame(4 - level);

		for (unsigned int i = 0; i < 4; i++) {
			pte_t e = pte_make(mfn(addresses[i]),
					   ~UINT64_C(0) & PTE_FLAGS_MASK &
						   ~PTE_P);

			assert_int_equal(call_mmu_update(m,
							 entry_at(table, 200),
							 e.v),
					 0);
			assert_int_equal(entry_of(m, table, 200).v, e.v);
		}
	}
	assert_int_equal(m->frames[dom_frame(0).v].count, 4);
}

/*
 * 154, 402: no mapping that is not cached as memory is, by any way there is:
 * request, direct write, or a table that is validated.
 */
static void xsa_402_no_way_to_another_cacheability(void **state)
{
	static const uint64_t bits[] = {PTE_PWT, PTE_PCD, PTE_PAT,
					PTE_PWT | PTE_PCD};
	struct machine *m = *state;
	mfn_t l1 = dom_frame(L1_FRAME);
	mfn_t fresh = dom_frame(SPARE);
	/* RO_ENTRY + 3 maps the L1 itself. */
	uint64_t direct = (RO_ENTRY + 3) * PAGE_SIZE;

	for (unsigned int i = 0; i < 4; i++) {
		pte_t live = entry_of(m, l1, 0);
		pte_t e = pte(live.v | bits[i]);
		uint64_t old = live.v;

		assert_int_equal(call_mmu_update(m, entry_at(l1, 0), e.v),
				 -XEN_EINVAL);
		assert_int_equal(call_va_mapping(m, 0, e.v, 0), -XEN_EINVAL);
		assert_int_equal(call_direct(m, vaddr(direct), DIRECT_WRITE,
					     &old, e.v),
				 -XEN_EINVAL);
		old = live.v;
		assert_int_equal(call_direct(m, vaddr(direct), DIRECT_CMPXCHG,
					     &old, e.v),
				 -XEN_EINVAL);
		assert_int_equal(entry_of(m, l1, 0).v, live.v);
		raw_entry(m, fresh, 7, e);
		assert_int_equal(call_mmuext(m, MMUEXT_PIN_L1_TABLE, fresh.v,
					     0),
				 -XEN_EINVAL);
		assert_int_equal(mmu_settle(&m->dom), 0);
		assert_int_equal(m->frames[fresh.v].count, 1);
	}
}

/*
 * 298: a page of an LDT becomes one of descriptors when it is first used, and
 * only up to the limit; what stands in it is judged then.
 */
static void xsa_298_ldt_pages_are_judged_when_used(void **state)
{
	struct machine *m = *state;
	mfn_t f = dom_frame(SPARE);
	uint64_t *desc = frame_data(&m->mmu, f);

	desc[511] = UINT64_C(0x00008e0000080000); /* an interrupt gate */
	assert_int_equal(map(m, f, RO_FLAGS), 0);
	assert_int_equal(call_mmuext(m, MMUEXT_SET_LDT, FREE_VA, 1), 0);
	assert_int_not_equal(mmu_ldt_fault(&m->vcpu, 1), 0);
	assert_int_not_equal(mmu_ldt_fault(&m->vcpu, 0), 0);
	machine_check(m);
	assert_false(pte_present(m->cpu[CPU_FIRST].window[16]));
	desc[511] = UINT64_C(0x00cf9b000000ffff); /* code, for ring 0 */
	assert_int_equal(mmu_ldt_fault(&m->vcpu, 0), 0);
	machine_check(m);
	assert_int_equal(desc[511] >> 45 & 3, 3);
	assert_int_equal(call_mmu_update(m, entry_at(f, 511), 0), -XEN_EINVAL);
	assert_int_equal(call_mmuext(m, MMUEXT_CLEAR_PAGE, f.v, 0),
			 -XEN_EINVAL);
}

/*
 * 292: loading a root counts as a flush, so everything must go with it. All in
 * one request, as between two the CPU here caches what the tables say anew.
 */
static void xsa_292_a_new_root_leaves_nothing_cached(void **state)
{
	struct machine *m = *state;
	mfn_t root = dom_frame(SPARE);
	struct mmuext_op ops[2] = {
		{.cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = root.v},
		{.cmd = MMUEXT_PIN_L1_TABLE,
		 .arg1.mfn = dom_frame(DATA_FRAME).v},
	};
	struct multicall_entry calls[2] = {
		{.op = __HYPERVISOR_update_va_mapping, .args = {0, 0, 0}},
		{.op = __HYPERVISOR_mmuext_op,
		 .args = {GUEST_BUFFER + 512, 2, 0, DOMID_SELF}},
	};

	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE, root.v, 0), 0);
	memcpy(m->guest, calls, sizeof(calls));
	memcpy(m->guest + 512, ops, sizeof(ops));
	m->flushes = 0;
	assert_int_equal(machine_call(m, hc_multicall, GUEST_BUFFER, 2, 0, 0),
			 0);
	assert_int_equal(m->frames[ops[1].arg1.mfn].type, FRAME_L1);
	assert_int_equal(m->flushes, 0);
}

/* 438: a root that is loaded stays a root, whatever else lets go of it. */
static void xsa_438_a_loaded_root_outlives_all_else(void **state)
{
	struct machine *m = *state;
	uint64_t l4 = dom_frame(L4_FRAME).v;

	assert_int_equal(call_mmuext(m, MMUEXT_NEW_USER_BASEPTR, l4, 0), 0);
	assert_int_equal(call_mmuext(m, MMUEXT_UNPIN_TABLE, l4, 0), 0);
	assert_int_equal(call_va_mapping(m, RO_ENTRY * PAGE_SIZE, 0, 0), 0);
	assert_int_equal(call_mmuext(m, MMUEXT_NEW_USER_BASEPTR, 0, 0), 0);
	assert_int_equal(m->frames[l4].type, FRAME_L4);
	assert_int_equal(m->frames[l4].type_count, 1);
	assert_int_equal(call_mmuext(m, MMUEXT_CLEAR_PAGE, l4, 0), -XEN_EINVAL);
	assert_int_equal(map(m, mfn(l4), RW_FLAGS), -XEN_EBUSY);
}

#define T(f) cmocka_unit_test_setup_teardown(f, space_set_up, machine_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(xsa_401_a_flush_before_the_last_mapping_does_not_count),
		T(xsa_408_the_old_type_decides),
		T(xsa_286_a_walk_sees_the_new_tables),
		T(xsa_280_the_linear_count_is_not_overwritten),
		T(xsa_309_linear_uses_survive_an_interruption),
		T(xsa_299_half_validated_tables_are_used_otherwise),
		T(xsa_45_every_long_request_can_be_stopped),
		T(xsa_273_entries_that_are_not_present_hold_nothing),
		T(xsa_402_no_way_to_another_cacheability),
		T(xsa_298_ldt_pages_are_judged_when_used),
		T(xsa_292_a_new_root_leaves_nothing_cached),
		T(xsa_438_a_loaded_root_outlives_all_else),
	};

	return cmocka_run_group_tests_name("advisories about types", tests,
					   NULL, NULL);
}
