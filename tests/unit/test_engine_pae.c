/* SPDX-License-Identifier: MIT */
/*
 * A 32-bit domain: three levels of PAE below an L4 of the hypervisor's. What
 * differs from a 64-bit one is data, so these are tests of the data: each row
 * of it, taken away, fails one of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support/machine.h"

/* A second address space of the domain's: last L2, L3, L2, L1 from here on. */
#define OTHER 40
#define OTHER_LAST (OTHER + LAST_L2_FRAME)
#define OTHER_L3 (OTHER + L3_FRAME)
#define SPARE 60
#define SLOT 100

static int64_t set(struct machine *m, unsigned int table, unsigned int index,
		   pte_t e)
{
	return call_mmu_update(m, entry_at(dom_frame(table), index), e.v);
}

static int64_t pin(struct machine *m, unsigned int cmd, unsigned int n)
{
	return call_mmuext(m, cmd, dom_frame(n).v, 0);
}

static pte_t table_entry(unsigned int n)
{
	return pte_make(dom_frame(n), TABLE_FLAGS);
}

static const struct frame *frame_n(const struct machine *m, unsigned int n)
{
	return &m->frames[dom_frame(n).v];
}

/* --- roots ---------------------------------------------------------------- */

static void the_root_is_an_l3_below_the_hypervisors_l4(void **state)
{
	struct machine *m = *state;
	pte_t top = m->cpu[CPU_FIRST].top;

	assert_int_equal(m->vcpu.kernel_root.v, dom_frame(L3_FRAME).v);
	assert_int_equal(frame_n(m, L3_FRAME)->type, FRAME_L3);
	assert_int_equal(frame_n(m, L3_FRAME)->type_count, 2); /* pin, CR3 */
	assert_int_equal(pte_mfn(top).v, dom_frame(L3_FRAME).v);
	assert_int_equal(pte_flags(top), PTE_P | PTE_RW | PTE_US | PTE_A);
}

static void another_root_takes_the_first_ones_place(void **state)
{
	struct machine *m = *state;

	raw_space(m, OTHER, SPARE);
	assert_int_equal(pin(m, MMUEXT_NEW_BASEPTR, OTHER_L3), 0);
	assert_int_equal(pte_mfn(m->cpu[CPU_FIRST].top).v,
			 dom_frame(OTHER_L3).v);
	assert_int_equal(frame_n(m, L3_FRAME)->type_count, 1);
	assert_int_equal(frame_n(m, OTHER_L3)->type_count, 1);
	/* What CR3 holds stays a table (I8). */
	assert_int_equal(set(m, L1_FRAME, SLOT,
			     pte_make(dom_frame(OTHER_L3), RW_FLAGS)),
			 -XEN_EBUSY);
	assert_int_equal(pin(m, MMUEXT_NEW_BASEPTR, L3_FRAME), 0);
	assert_int_equal(frame_n(m, OTHER_L3)->type_count, 0);
	assert_int_equal(frame_n(m, OTHER_LAST)->type_count, 0);
}

/* A guest that says L4 is not heard; user mode has the kernel's tables. */
static void there_is_no_l4_and_no_second_root(void **state)
{
	struct machine *m = *state;

	assert_int_equal(pin(m, MMUEXT_PIN_L4_TABLE, SPARE), 0);
	assert_int_equal(frame_n(m, SPARE)->type_count, 0);
	assert_int_equal(frame_n(m, SPARE)->flags & FRAME_PINNED, 0);
	assert_int_equal(pin(m, MMUEXT_NEW_USER_BASEPTR, L3_FRAME),
			 -XEN_EINVAL);
	assert_int_equal(m->dom.refusal.rule, RULE_USER_ROOT);
	assert_int_equal(call_mmuext(m, MMUEXT_NEW_USER_BASEPTR, 0, 0),
			 -XEN_EINVAL);
	/* Nor for a vCPU that is to begin. */
	mmu_vcpu_init(&m->second, &m->dom, 1, m->cpu[CPU_SECOND].window);
	m->second.top = &m->cpu[CPU_SECOND].top;
	assert_int_equal(mmu_start_vcpu(&m->vcpu, &m->second,
					dom_frame(L3_FRAME),
					dom_frame(L3_FRAME), NULL, 0),
			 -XEN_EINVAL);
	assert_int_equal(mmu_start_vcpu(&m->vcpu, &m->second,
					dom_frame(L3_FRAME), mfn(0), NULL, 0),
			 0);
	assert_int_equal(pte_mfn(m->cpu[CPU_SECOND].top).v,
			 dom_frame(L3_FRAME).v);
	machine_check(m);
}

static void a_root_lies_where_a_32_bit_cr3_finds_it(void **state)
{
	struct machine *m = *state;
	struct pt_width narrow = pt_pae;

	assert_int_equal(pt_pae.root_end << PAGE_SHIFT, UINT64_C(1) << 32);
	narrow.root_end = dom_frame(OTHER_L3).v;
	raw_space(m, OTHER, SPARE);
	m->dom.width = &narrow;
	assert_int_equal(pin(m, MMUEXT_PIN_L3_TABLE, OTHER_L3), -XEN_ERANGE);
	assert_int_equal(m->dom.refusal.rule, RULE_PAE_ROOT);
	assert_int_equal(frame_n(m, OTHER_L3)->type_count, 0);
	m->dom.extended_cr3 = true;
	assert_int_equal(pin(m, MMUEXT_PIN_L3_TABLE, OTHER_L3), 0);
	m->dom.width = &pt_pae;
}

static void everything_returns_at_the_domains_end(void **state)
{
	struct machine *m = *state;

	raw_space(m, OTHER, SPARE);
	assert_int_equal(pin(m, MMUEXT_PIN_L3_TABLE, OTHER_L3), 0);
	m->preempt_after = 1;
	machine_stop(m);
	while (mmu_domain_destroy(&m->dom) != 0) {
		machine_check(m);
	}
	assert_int_equal(m->dom.nr_pages, 0);
	assert_int_equal(m->cpu[CPU_FIRST].top.v, 0);
	for (unsigned int i = 0; i < DOM_FRAMES; i++) {
		assert_int_equal(frame_n(m, i)->owner, OWNER_FREE);
	}
	machine_check(m);
}

/* --- the L3 --------------------------------------------------------------- */

static void entries_get_the_flags_that_ring_1_needs(void **state)
{
	struct machine *m = *state;
	const uint64_t rights = PTE_P | PTE_RW | PTE_US;
	pte_t e = pte_make(dom_frame(SPARE), PTE_P);

	/* The CPU takes the L3 for one of four levels: its entries allow all.
	 */
	assert_int_equal(pte_flags(entry_of(m, dom_frame(L3_FRAME), 0)),
			 rights);
	assert_int_equal(pte_flags(entry_of(m, dom_frame(L3_FRAME), 3)),
			 rights);
	assert_int_equal(set(m, L3_FRAME, 1, e), 0);
	assert_int_equal(pte_flags(entry_of(m, dom_frame(L3_FRAME), 1)),
			 rights);
	/* Below it the kernel is a supervisor, and no bit need say so. */
	e = pte_make(dom_frame(SPARE + 1), PTE_P | PTE_NX);
	assert_int_equal(set(m, L2_FRAME, 1, e), 0);
	assert_int_equal(entry_of(m, dom_frame(L2_FRAME), 1).v, e.v);
	e = pte_make(dom_frame(SPARE + 2), PTE_P | PTE_RW);
	assert_int_equal(set(m, L1_FRAME, SLOT, e), 0);
	assert_int_equal(entry_of(m, dom_frame(L1_FRAME), SLOT).v, e.v);
}

static void entries_of_an_l3_have_no_reserved_flags(void **state)
{
	static const uint64_t reserved[] = {
		PTE_NX,  UINT64_C(1) << 52, UINT64_C(1) << 62,
		PTE_PWT, PTE_PCD,           PTE_PS,
		PTE_G,
	};
	struct machine *m = *state;

	for (unsigned int i = 0; i < sizeof(reserved) / sizeof(*reserved);
	     i++) {
		pte_t e = pte_make(dom_frame(SPARE), PTE_P | reserved[i]);

		assert_int_equal(set(m, L3_FRAME, 1, e), -XEN_EINVAL);
		assert_int_equal(m->dom.refusal.rule, RULE_UPPER_FLAGS);
		assert_int_equal(m->dom.refusal.bits, reserved[i]);
	}
}

static void the_fourth_entry_must_be_there(void **state)
{
	struct machine *m = *state;

	assert_int_equal(pin(m, MMUEXT_PIN_L3_TABLE, OTHER_L3), -XEN_EINVAL);
	assert_int_equal(m->dom.refusal.rule, RULE_PAE_L3_LAST);
	/* What was refused is taken down before the next is asked. */
	assert_int_equal(pin(m, MMUEXT_TLB_FLUSH_ALL, 0), 0);
	raw_entry(m, dom_frame(OTHER_L3), 0, table_entry(SPARE));
	assert_int_equal(pin(m, MMUEXT_PIN_L3_TABLE, OTHER_L3), -XEN_EINVAL);
	assert_int_equal(m->dom.refusal.rule, RULE_PAE_L3_LAST);
	assert_int_equal(pin(m, MMUEXT_TLB_FLUSH_ALL, 0), 0);
	assert_int_equal(frame_n(m, SPARE)->type_count, 0);
}

static void the_fourth_entry_never_changes(void **state)
{
	struct machine *m = *state;
	pte_t before = entry_of(m, dom_frame(L3_FRAME), 3);

	assert_int_equal(set(m, L3_FRAME, 3, pte(0)), -XEN_EINVAL);
	assert_int_equal(m->dom.refusal.rule, RULE_PAE_L3_FIXED);
	assert_int_equal(set(m, L3_FRAME, 3, table_entry(SPARE)), -XEN_EINVAL);
	assert_int_equal(set(m, L3_FRAME, 3, before), -XEN_EINVAL);
	assert_int_equal(entry_of(m, dom_frame(L3_FRAME), 3).v, before.v);
	/* Nor is there a fifth. */
	assert_int_equal(set(m, L3_FRAME, 4, table_entry(SPARE)), -XEN_EINVAL);
	assert_int_equal(set(m, L3_FRAME, 511, pte(0)), -XEN_EINVAL);
}

/* The CPU would follow what a guest never had to write. */
static void what_follows_the_fourth_entry_is_cleared(void **state)
{
	struct machine *m = *state;
	mfn_t l3 = dom_frame(OTHER_L3);

	raw_space(m, OTHER, SPARE);
	for (unsigned int i = 4; i < PT_ENTRIES; i++) {
		raw_entry(m, l3, i, pte_make(mfn(1), TABLE_FLAGS));
	}
	assert_int_equal(pin(m, MMUEXT_NEW_BASEPTR, OTHER_L3), 0);
	for (unsigned int i = 4; i < PT_ENTRIES; i++) {
		assert_int_equal(entry_of(m, l3, i).v, 0);
	}
}

static void an_l3_maps_no_l3(void **state)
{
	struct machine *m = *state;
	pte_t self = pte_make(dom_frame(L3_FRAME), PTE_P);

	assert_int_equal(set(m, L3_FRAME, 1, self), -XEN_EINVAL);
	assert_int_equal(m->dom.refusal.rule, RULE_BAD_TYPE);
	raw_space(m, OTHER, SPARE);
	assert_int_equal(pin(m, MMUEXT_PIN_L3_TABLE, OTHER_L3), 0);
	assert_int_equal(set(m, L3_FRAME, 1,
			     pte_make(dom_frame(OTHER_L3), PTE_P)),
			 -XEN_EINVAL);
	/* Nor when it becomes one. */
	raw_entry(m, dom_frame(SPARE + 10), 3, table_entry(SPARE + 11));
	raw_entry(m, dom_frame(SPARE + 10), 0,
		  pte_make(dom_frame(SPARE + 10), PTE_P));
	assert_int_equal(pin(m, MMUEXT_PIN_L3_TABLE, SPARE + 10), -XEN_EINVAL);
}

/* --- the last L2 ---------------------------------------------------------- */

static void the_last_l2_holds_the_hypervisors_slots(void **state)
{
	struct machine *m = *state;
	mfn_t last = dom_frame(LAST_L2_FRAME);

	assert_int_equal(frame_n(m, LAST_L2_FRAME)->type, FRAME_L2_XEN);
	for (unsigned int i = 0; i < XEN_L2_SLOTS; i++) {
		assert_int_equal(entry_of(m, last, XEN_L2_FIRST + i).v,
				 m->mmu.xen_l2_slots[i].v);
	}
	for (unsigned int i = XEN_L2_FIRST; i <= XEN_L2_LAST; i++) {
		assert_int_equal(set(m, LAST_L2_FRAME, i, table_entry(SPARE)),
				 -XEN_EPERM);
		assert_int_equal(m->dom.refusal.rule, RULE_XEN_L2_SLOT);
	}
	assert_int_equal(set(m, LAST_L2_FRAME, XEN_L2_FIRST - 1,
			     table_entry(SPARE)),
			 0);
	/* Another L2 has none: the same slot is the guest's. */
	assert_int_equal(set(m, L2_FRAME, XEN_L2_FIRST, table_entry(SPARE + 1)),
			 0);
}

static void a_last_l2_is_of_one_address_space_alone(void **state)
{
	struct machine *m = *state;

	raw_space(m, OTHER, SPARE);
	raw_entry(m, dom_frame(OTHER_L3), 3, table_entry(LAST_L2_FRAME));
	assert_int_equal(pin(m, MMUEXT_PIN_L3_TABLE, OTHER_L3), -XEN_EINVAL);
	assert_int_equal(m->dom.refusal.rule, RULE_PAE_L2_SHARED);
	assert_int_equal(frame_n(m, LAST_L2_FRAME)->type_count, 1);
}

static void a_last_l2_is_no_other_l2(void **state)
{
	struct machine *m = *state;

	assert_int_equal(pin(m, MMUEXT_PIN_L2_TABLE, LAST_L2_FRAME),
			 -XEN_EINVAL);
	assert_int_equal(m->dom.refusal.rule, RULE_BAD_TYPE);
	assert_int_equal(set(m, L3_FRAME, 1, table_entry(LAST_L2_FRAME)),
			 -XEN_EINVAL);
	/* What is an L2 elsewhere cannot be the last one. */
	raw_space(m, OTHER, SPARE);
	raw_entry(m, dom_frame(OTHER_L3), 3, table_entry(L2_FRAME));
	assert_int_equal(pin(m, MMUEXT_PIN_L3_TABLE, OTHER_L3), -XEN_EINVAL);
	assert_int_equal(m->dom.refusal.expected, UINT64_C(0x22) << 56);
	raw_entry(m, dom_frame(OTHER_L3), 3, table_entry(OTHER_LAST));
	assert_int_equal(pin(m, MMUEXT_PIN_L2_TABLE, OTHER_LAST), 0);
	assert_int_equal(pin(m, MMUEXT_PIN_L3_TABLE, OTHER_L3), -XEN_EINVAL);
	assert_int_equal(pin(m, MMUEXT_UNPIN_TABLE, OTHER_LAST), 0);
	assert_int_equal(pin(m, MMUEXT_PIN_L3_TABLE, OTHER_L3), 0);
}

/* As kernels see their tables: the last L2 maps all four, read-only. */
static void the_last_l2_may_map_its_own_level(void **state)
{
	struct machine *m = *state;
	const pte_t ro = pte_make(dom_frame(L2_FRAME), RO_FLAGS);

	assert_int_equal(set(m, LAST_L2_FRAME, 400, ro), 0);
	assert_int_equal(set(m, LAST_L2_FRAME, 403,
			     pte_make(dom_frame(LAST_L2_FRAME), RO_FLAGS)),
			 0);
	assert_int_equal(set(m, LAST_L2_FRAME, 401,
			     pte_make(dom_frame(L2_FRAME), RW_FLAGS)),
			 -XEN_EINVAL);
	assert_int_equal(m->dom.refusal.rule, RULE_LINEAR_WRITABLE);
	assert_int_equal(frame_n(m, L2_FRAME)->table.linear, 1);
	/* A chain is none, from the other side either (XSA-240). */
	assert_int_equal(set(m, L2_FRAME, 5,
			     pte_make(dom_frame(LAST_L2_FRAME), RO_FLAGS)),
			 -XEN_EINVAL);
	assert_int_equal(m->dom.refusal.rule, RULE_LINEAR_DEPTH);
	assert_int_equal(set(m, LAST_L2_FRAME, 400, pte(0)), 0);
	/* And back: another L2 maps the last. */
	assert_int_equal(set(m, L2_FRAME, 5,
			     pte_make(dom_frame(LAST_L2_FRAME), RO_FLAGS)),
			 0);
	assert_int_equal(frame_n(m, LAST_L2_FRAME)->type_count, 2);
	assert_int_equal(set(m, L2_FRAME, 5, pte(0)), 0);
}

/* --- addresses ------------------------------------------------------------ */

static void an_address_has_32_bits(void **state)
{
	struct machine *m = *state;
	const uint64_t val = pte_make(dom_frame(SPARE), RW_FLAGS).v;
	const uint64_t va = (uint64_t)SLOT << PAGE_SHIFT;

	assert_int_equal(call_va_mapping(m, va, val, UVMF_NONE), 0);
	assert_int_equal(entry_of(m, dom_frame(L1_FRAME), SLOT).v, val);
	assert_int_equal(call_va_mapping(m, va + (UINT64_C(1) << 32), val,
					 UVMF_NONE),
			 -XEN_EINVAL);
	assert_int_equal(call_va_mapping(m, va + (UINT64_C(1) << 39), val,
					 UVMF_NONE),
			 -XEN_EINVAL);
}

static void a_walk_keeps_out_of_the_hypervisors_range(void **state)
{
	struct machine *m = *state;
	const uint64_t last = UINT64_C(3) << 30;
	mfn_t table;

	assert_int_equal(last + ((uint64_t)XEN_L2_FIRST << 21),
			 XEN_COMPAT_START);
	/* Slots that lead to a table, should they be followed. */
	for (unsigned int i = XEN_L2_FIRST; i <= XEN_L2_LAST; i++) {
		assert_null(mmu_find_l1e(&m->vcpu,
					 vaddr(last + ((uint64_t)i << 21)),
					 &table));
	}
	/* Nor does one that comes by way of a linear entry find them. */
	assert_int_equal(set(m, LAST_L2_FRAME, 400,
			     pte_make(dom_frame(LAST_L2_FRAME), RO_FLAGS)),
			 0);
	assert_null(mmu_find_l1e(&m->vcpu,
				 vaddr(last + (400u << 21) +
				       (XEN_L2_FIRST << PAGE_SHIFT)),
				 &table));
	assert_non_null(
		mmu_find_l1e(&m->vcpu,
			     vaddr(last + (400u << 21) + (400u << PAGE_SHIFT)),
			     &table));
}

static void a_list_beyond_the_guests_end_is_none(void **state)
{
	struct machine *m = *state;

	assert_int_equal(machine_call(m, hc_mmu_update, XEN_COMPAT_START, 1, 0,
				      DOMID_SELF),
			 -XEN_EFAULT);
	assert_int_equal(machine_call(m, hc_mmuext_op, UINT32_MAX, 0, 0,
				      DOMID_SELF),
			 -XEN_EFAULT);
	assert_int_equal(machine_call(m, hc_multicall, XEN_COMPAT_START, 0, 0,
				      0),
			 -XEN_EFAULT);
	assert_int_equal(machine_call(m, hc_mmu_update, XEN_COMPAT_START - 16,
				      0, 0, DOMID_SELF),
			 0);
}

static void a_direct_write_is_judged_as_an_update(void **state)
{
	struct machine *m = *state;
	/* The L1 is mapped read-only by its own entry. */
	const vaddr_t va = vaddr((uint64_t)(RO_ENTRY + L1_FRAME) << PAGE_SHIFT |
				 SLOT * sizeof(pte_t));
	const pte_t e = pte_make(dom_frame(SPARE), PTE_P | PTE_RW);
	uint64_t old = 0;

	assert_int_equal(call_direct(m, va, DIRECT_WRITE, &old, e.v), 0);
	assert_int_equal(entry_of(m, dom_frame(L1_FRAME), SLOT).v, e.v);
	old = e.v;
	assert_int_equal(call_direct(m, va, DIRECT_CMPXCHG, &old,
				     pte_make(dom_frame(L1_FRAME), RW_FLAGS).v),
			 -XEN_EBUSY);
	assert_int_equal(call_direct(m, va, DIRECT_CMPXCHG, &old,
				     e.v & ~PTE_RW),
			 0);
	assert_int_equal(entry_of(m, dom_frame(L1_FRAME), SLOT).v,
			 e.v & ~PTE_RW);
}

/* --- steps, and what looks after them --------------------------------------
 */

static void a_space_is_validated_in_as_many_steps_as_one_likes(void **state)
{
	struct machine *m = *state;

	for (unsigned int i = 1; i < 40; i++) {
		raw_space(m, OTHER, SPARE);
		m->preempt_at = i;
		m->preempt_asked = 0;
		assert_int_equal(pin(m, MMUEXT_PIN_L3_TABLE, OTHER_L3), 0);
		assert_int_equal(pin(m, MMUEXT_UNPIN_TABLE, OTHER_L3), 0);
		m->preempt_at = 0;
		assert_int_equal(pin(m, MMUEXT_TLB_FLUSH_ALL, 0), 0);
		assert_int_equal(frame_n(m, OTHER_LAST)->type_count, 0);
		/* What the hypervisor put there is no guest's to leave. */
		memset(frame_data(&m->mmu, dom_frame(OTHER_LAST)), 0,
		       PAGE_SIZE);
	}
}

static void the_audit_knows_what_is_the_hypervisors(void **state)
{
	struct machine *m = *state;
	mfn_t last = dom_frame(LAST_L2_FRAME);
	mfn_t l3 = dom_frame(L3_FRAME);
	pte_t kept = entry_of(m, last, XEN_L2_LAST);

	raw_entry(m, last, XEN_L2_LAST, pte_make(mfn(1), TABLE_FLAGS));
	assert_non_null(machine_fault(m));
	raw_entry(m, last, XEN_L2_LAST, kept);
	raw_entry(m, l3, 4, pte(2));
	assert_non_null(machine_fault(m));
	raw_entry(m, l3, 4, pte(0));
	kept = m->cpu[CPU_FIRST].top;
	m->cpu[CPU_FIRST].top = pte_make(dom_frame(L2_FRAME), TABLE_FLAGS);
	assert_non_null(machine_fault(m));
	m->cpu[CPU_FIRST].top = kept;
	machine_check(m);
}

/* Domains of both widths, side by side. */
static void a_neighbour_may_be_of_the_other_width(void **state)
{
	struct machine *m = *state;

	machine_second_domain(m);
	assert_int_equal(m->frames[m->other_vcpu.kernel_root.v].type, FRAME_L4);
	m->caller = &m->other_vcpu;
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L3_TABLE,
				     m->other_vcpu.kernel_root.v, 0),
			 -XEN_EINVAL);
	m->caller = &m->vcpu;
	assert_int_equal(call_mmuext(m, MMUEXT_NEW_BASEPTR,
				     m->other_vcpu.kernel_root.v, 0),
			 -XEN_EINVAL);
	assert_int_equal(m->dom.refusal.rule, RULE_NOT_OWNED);
}

#define T(name) \
	cmocka_unit_test_setup_teardown(name, pae_set_up, machine_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_root_is_an_l3_below_the_hypervisors_l4),
		T(another_root_takes_the_first_ones_place),
		T(there_is_no_l4_and_no_second_root),
		T(a_root_lies_where_a_32_bit_cr3_finds_it),
		T(everything_returns_at_the_domains_end),
		T(entries_get_the_flags_that_ring_1_needs),
		T(entries_of_an_l3_have_no_reserved_flags),
		T(the_fourth_entry_must_be_there),
		T(the_fourth_entry_never_changes),
		T(what_follows_the_fourth_entry_is_cleared),
		T(an_l3_maps_no_l3),
		T(the_last_l2_holds_the_hypervisors_slots),
		T(a_last_l2_is_of_one_address_space_alone),
		T(a_last_l2_is_no_other_l2),
		T(the_last_l2_may_map_its_own_level),
		T(an_address_has_32_bits),
		T(a_walk_keeps_out_of_the_hypervisors_range),
		T(a_list_beyond_the_guests_end_is_none),
		T(a_direct_write_is_judged_as_an_update),
		T(a_space_is_validated_in_as_many_steps_as_one_likes),
		T(the_audit_knows_what_is_the_hypervisors),
		T(a_neighbour_may_be_of_the_other_width),
	};

	return cmocka_run_group_tests_name("engine pae", tests, NULL, NULL);
}
