/* SPDX-License-Identifier: MIT */
/*
 * Entries as the engine writes them, descriptor tables entry by entry, and what
 * goes when a table, a root or a domain goes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/table/level.h"
#include "tests/unit/support/machine.h"

#define SLOT 100
#define SLOT_VA ((uint64_t)SLOT << PAGE_SHIFT)

static uint64_t l1_slot(unsigned int index)
{
	return entry_at(dom_frame(L1_FRAME), index);
}

/* Both halves of the guest run in ring 3: the kernel's pages are marked. */
static void entries_get_the_flags_that_ring_3_needs(void **state)
{
	struct machine *m = *state;
	const mfn_t l1 = dom_frame(L1_FRAME);
	const mfn_t l2 = dom_frame(L2_FRAME);
	const mfn_t data = dom_frame(60);
	const uint64_t kernel = PTE_US | PTE_GUEST_KERNEL;

	assert_int_equal(call_mmu_update(m, entry_at(l1, SLOT),
					 pte_make(data, PTE_P).v),
			 0);
	assert_int_equal(entry_of(m, l1, SLOT).v & (kernel | PTE_G), kernel);
	assert_int_equal(call_mmu_update(m, entry_at(l1, SLOT),
					 pte_make(data, PTE_P | PTE_US).v),
			 0);
	assert_int_equal(entry_of(m, l1, SLOT).v & (kernel | PTE_G),
			 PTE_US | PTE_G);
	assert_int_equal(call_mmu_update(m, entry_at(l2, 1),
					 pte_make(data, PTE_P).v),
			 0);
	assert_int_equal(entry_of(m, l2, 1).v & PTE_US, PTE_US);
	/* And those that are there when a table is validated. */
	raw_entry(m, dom_frame(61), 0, pte_make(dom_frame(62), PTE_P));
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L1_TABLE, dom_frame(61).v,
				     0),
			 0);
	assert_int_equal(entry_of(m, dom_frame(61), 0).v & kernel, kernel);
}

/* What the kernel alone has, its user would find in the TLB. */
static void a_kernels_page_is_never_global(void **state)
{
	static const uint64_t flags[] = {PTE_P | PTE_G,
					 PTE_P | PTE_US | PTE_G |
						 PTE_GUEST_KERNEL};
	struct machine *m = *state;
	const mfn_t l1 = dom_frame(L1_FRAME);
	const mfn_t fresh = dom_frame(61);

	for (unsigned int i = 0; i < 2; i++) {
		const pte_t e = pte_make(dom_frame(60), flags[i]);

		assert_int_equal(call_mmu_update(m, entry_at(l1, SLOT), e.v),
				 0);
		assert_int_equal(entry_of(m, l1, SLOT).v & PTE_G, 0);
		raw_entry(m, fresh, i, e);
	}
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L1_TABLE, fresh.v, 0), 0);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(entry_of(m, fresh, i).v & PTE_G, 0);
	}
	/* A change of nothing else is no way to it. */
	assert_int_equal(call_mmu_update(m, entry_at(l1, SLOT),
					 entry_of(m, l1, SLOT).v | PTE_G),
			 0);
	assert_int_equal(entry_of(m, l1, SLOT).v & PTE_G, 0);
}

static void a_descriptor_page_is_no_page_to_store_to(void **state)
{
	struct machine *m = *state;
	uint64_t desc = dom_frame(60).v;

	memcpy(m->guest, &desc, sizeof(desc));
	assert_int_equal(machine_call(m, hc_set_gdt, GUEST_BUFFER, 16, 0, 0),
			 0);
	assert_int_equal(call_mmu_update(m, entry_at(mfn(desc), 1), 7),
			 -XEN_EINVAL);
	assert_int_equal(m->dom.refusal.rule, RULE_UPDATE_TYPE);
	assert_int_equal(entry_of(m, mfn(desc), 1).v, 0);
}

/* A frame that was a table of a level is one of any level again. */
static void what_was_an_l4_may_become_an_l3(void **state)
{
	struct machine *m = *state;
	mfn_t f = dom_frame(40);

	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE, f.v, 0), 0);
	assert_int_equal(call_mmuext(m, MMUEXT_UNPIN_TABLE, f.v, 0), 0);
	for (unsigned int i = XEN_L4_FIRST; i <= XEN_L4_LAST; i++) {
		raw_entry(m, f, i, pte(0));
	}
	assert_int_equal(call_mmu_update(m, entry_at(dom_frame(L4_FRAME), 5),
					 pte_make(f, TABLE_FLAGS).v),
			 0);
	assert_int_equal(m->frames[f.v].type, FRAME_L3);
}

static void the_hypervisors_entries_are_left_out_when_an_l4_goes(void **state)
{
	struct machine *m = *state;
	mfn_t xen = pte_mfn(m->mmu.xen_slots[0]);

	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE, dom_frame(40).v,
				     0),
			 0);
	assert_int_equal(call_mmuext(m, MMUEXT_UNPIN_TABLE, dom_frame(40).v, 0),
			 0);
	assert_int_equal(frame_of(&m->mmu, xen)->count, 0);
	assert_int_equal(frame_of(&m->mmu, xen)->type_count, 0);
}

static void nothing_is_flushed_for_an_address_that_cannot_be(void **state)
{
	struct machine *m = *state;
	uint64_t flushes = m->dom.stats.flush_one;

	assert_int_equal(call_mmuext(m, MMUEXT_INVLPG_LOCAL,
				     UINT64_C(0x800000000000), 0),
			 0);
	assert_int_equal(m->dom.stats.flush_one, flushes);
}

/* --- descriptor tables --------------------------------------------------- */

static void give_ldt(struct machine *m, unsigned int entries)
{
	assert_int_equal(call_mmu_update(m, l1_slot(SLOT),
					 pte_make(dom_frame(60), RO_FLAGS).v),
			 0);
	assert_int_equal(call_mmuext(m, MMUEXT_SET_LDT, SLOT_VA, entries), 0);
	assert_int_equal(mmu_ldt_fault(&m->vcpu, 0), 0);
	machine_check(m);
}

static void an_ldts_page_is_found_where_there_is_one(void **state)
{
	struct machine *m = *state;

	give_ldt(m, 512);
	/* Once is enough, and it has one page. */
	assert_int_equal(mmu_ldt_fault(&m->vcpu, 0), -XEN_ENOENT);
	assert_int_equal(call_mmu_update(m, l1_slot(SLOT + 1),
					 pte_make(dom_frame(61), RO_FLAGS).v),
			 0);
	assert_int_equal(mmu_ldt_fault(&m->vcpu, 1), -XEN_ENOENT);
	/* Two pages of which the second is not there. */
	assert_int_equal(call_mmu_update(m, l1_slot(SLOT + 1), 0), 0);
	assert_int_equal(call_mmuext(m, MMUEXT_SET_LDT, SLOT_VA, 1024), 0);
	assert_int_equal(mmu_ldt_fault(&m->vcpu, 1), -XEN_ENOENT);
	/* No table even. */
	assert_int_equal(call_mmuext(m, MMUEXT_SET_LDT, UINT64_C(1) << 40, 512),
			 0);
	assert_int_equal(mmu_ldt_fault(&m->vcpu, 0), -XEN_ENOENT);
	assert_int_equal(call_mmuext(m, MMUEXT_SET_LDT,
				     UINT64_C(0x800000000000), 512),
			 -XEN_EINVAL);
	machine_check(m);
}

static void a_new_root_has_no_ldt_page_of_the_old(void **state)
{
	struct machine *m = *state;

	give_ldt(m, 512);
	raw_space(m, 40, 70);
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE, dom_frame(40).v,
				     0),
			 0);
	assert_int_equal(call_mmuext(m, MMUEXT_NEW_BASEPTR, dom_frame(40).v, 0),
			 0);
	assert_int_equal(m->vcpu.ldt[0].v, 0);
}

static void a_gdt_is_installed_whole_or_not_at_all(void **state)
{
	struct machine *m = *state;
	uint64_t frames[GDT_FRAMES] = {dom_frame(60).v, dom_frame(L1_FRAME).v};

	memcpy(m->guest, frames, sizeof(frames));
	assert_int_equal(machine_call(m, hc_set_gdt, GUEST_BUFFER, 1024, 0, 0),
			 -XEN_EINVAL);
	assert_int_equal(m->frames[frames[0]].type_count, 0);
	assert_int_equal(mmu_begin(&m->vcpu, MMU_OP_SET_GDT, NULL), 0);
	assert_int_equal(mmu_end(&m->dom,
				 mmu_set_gdt(&m->vcpu, frames,
					     GDT_FRAMES * PT_ENTRIES + 1)),
			 -XEN_EINVAL);
	machine_check(m);
}

/* SDM 3A, 5.8.3: offset, selector, type 12, present. */
static uint64_t gate(uint64_t selector, uint64_t more)
{
	return UINT64_C(0x0000ec0000000000) | selector << 16 | more;
}

static void a_call_gate_leads_nowhere_but_to_the_guest(void **state)
{
	const uint64_t reserved = GDT_FRAMES * PT_ENTRIES * 8;
	const struct {
		uint64_t desc;
		int64_t rc;
	} rows[] = {
		{gate(8, 0), 0},
		{gate(reserved - 8, 0), 0},
		{gate(reserved, 0), -XEN_EINVAL},
		{gate(reserved | 4, 0), 0}, /* in its LDT */
		{gate(8, UINT64_C(1) << 32), -XEN_EINVAL},
		{gate(8, UINT64_C(0x80) << 32), -XEN_EINVAL},
		/* A task gate, a TSS, an interrupt gate. */
		{UINT64_C(0x0000850000080000), -XEN_EINVAL},
		{UINT64_C(0x0000890000080000), -XEN_EINVAL},
		{UINT64_C(0x00008e0000080000), -XEN_EINVAL},
	};
	struct machine *m = *state;

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(machine_call(m, hc_update_descriptor,
					      entry_at(dom_frame(60), i),
					      rows[i].desc, 0, 0),
				 rows[i].rc);
	}
}

/* --- walks and direct writes --------------------------------------------- */

/* Four indices as one canonical address. */
static vaddr_t address(uint64_t l4, uint64_t l3, uint64_t l2, uint64_t l1)
{
	uint64_t va = l4 << 39 | l3 << 30 | l2 << 21 | l1 << 12;

	return vaddr((uint64_t)((int64_t)(va << 16) >> 16));
}

static void a_walk_keeps_out_of_what_is_not_the_guests(void **state)
{
	struct machine *m = *state;
	const mfn_t l4 = dom_frame(L4_FRAME);
	mfn_t xen = pte_mfn(m->mmu.xen_slots[0]);
	mfn_t table;

	/* The hypervisor's own tables lead on, as they do. */
	raw_entry(m, xen, 0, pte_make(xen, TABLE_FLAGS));
	assert_int_equal(call_mmu_update(m, entry_at(l4, 3),
					 pte_make(l4, RO_FLAGS).v),
			 0);
	assert_non_null(mmu_find_l1e(&m->vcpu, vaddr(0), &table));
	assert_null(
		mmu_find_l1e(&m->vcpu, address(XEN_L4_FIRST, 0, 0, 0), &table));
	assert_null(
		mmu_find_l1e(&m->vcpu, address(3, XEN_L4_FIRST, 0, 0), &table));
	assert_null(
		mmu_find_l1e(&m->vcpu, address(3, 3, XEN_L4_LAST, 0), &table));
	assert_null(
		mmu_find_l1e(&m->vcpu, address(3, 3, 3, XEN_L4_FIRST), &table));
	assert_non_null(mmu_find_l1e(&m->vcpu, address(3, 3, 3, 3), &table));
	/* Nor does it follow what is not there. */
	assert_null(mmu_find_l1e(&m->vcpu, address(0, 0, 1, 0), &table));
	assert_null(mmu_find_l1e(&m->vcpu, address(0, 1, 0, 0), &table));
}

static void no_upper_entry_is_changed_as_if_it_mapped_a_page(void **state)
{
	struct machine *m = *state;
	const mfn_t l4 = dom_frame(L4_FRAME);
	pte_t kept = entry_of(m, dom_frame(L2_FRAME), 0);

	assert_int_equal(call_mmu_update(m, entry_at(l4, 3),
					 pte_make(l4, RO_FLAGS).v),
			 0);
	assert_int_equal(call_va_mapping(m, address(3, 0, 0, 0).v, 0, 0),
			 -XEN_EINVAL);
	assert_int_equal(entry_of(m, dom_frame(L2_FRAME), 0).v, kept.v);
}

static void a_compared_write_is_judged_like_any_other(void **state)
{
	struct machine *m = *state;
	const mfn_t l1 = dom_frame(L1_FRAME);
	const vaddr_t at = vaddr_add(address(0, 0, 0, RO_ENTRY + L1_FRAME),
				     SLOT * sizeof(pte_t));
	uint64_t old = 0;

	assert_int_equal(call_direct(m, at, DIRECT_CMPXCHG, &old,
				     pte_make(l1, RW_FLAGS).v),
			 -XEN_EBUSY);
	assert_int_equal(
		call_direct(m, at, DIRECT_CMPXCHG, &old,
			    pte_make(dom_frame(60), RO_FLAGS | PTE_PCD).v),
		-XEN_EINVAL);
	machine_check(m);
	assert_int_equal(entry_of(m, l1, SLOT).v, 0);
	/* Something else stands there: nothing is written, nothing is held. */
	old = 7;
	assert_int_equal(call_direct(m, at, DIRECT_CMPXCHG, &old,
				     pte_make(dom_frame(60), RW_FLAGS).v),
			 0);
	assert_int_equal(old, 0);
	machine_check(m);
	assert_int_equal(m->frames[dom_frame(60).v].count, 1);
	assert_int_equal(call_direct(m, at, DIRECT_CMPXCHG, &old,
				     pte_make(dom_frame(60), RW_FLAGS).v),
			 0);
	machine_check(m);
	old = entry_of(m, l1, SLOT).v;
	assert_int_equal(call_direct(m, at, DIRECT_CMPXCHG, &old, 0), 0);
	machine_check(m);
	assert_int_equal(m->frames[dom_frame(60).v].count, 1);
}

/* --- what goes ----------------------------------------------------------- */

static void an_exchange_is_of_one_domain_with_itself(void **state)
{
	struct machine *m = *state;
	struct xen_memory_exchange e = {
		.in = {.nr_extents = 1, .domid = DOMID_SELF},
		.out = {.nr_extents = 1, .domid = TEST_DOMID + 1},
	};

	memcpy(m->guest, &e, sizeof(e));
	assert_int_equal(machine_call(m, hc_memory_op, XENMEM_exchange,
				      GUEST_BUFFER, 0, 0),
			 -XEN_EINVAL);
}

/* Two pages for two, and one is free: the second gets the first's. */
static void an_exchange_lives_on_what_it_frees(void **state)
{
	struct machine *m = *state;
	struct xen_memory_exchange e = {
		.in = {.nr_extents = 2, .domid = DOMID_SELF},
		.out = {.nr_extents = 2, .domid = DOMID_SELF},
	};
	const uint64_t lists[4] = {dom_frame(60).v, dom_frame(61).v, 60, 61};
	mfn_t got;

	mmu_domain_init(&m->other, &m->mmu, TEST_TAG + 1, TEST_DOMID + 1);
	while (m->mmu.nr_free > 1) {
		assert_int_equal(pool_alloc(&m->other, 0, &got), 0);
	}
	set_xen_guest_handle(e.in.extent_start,
			     (void *)(uintptr_t)(GUEST_BUFFER + 512));
	set_xen_guest_handle(e.out.extent_start,
			     (void *)(uintptr_t)(GUEST_BUFFER + 528));
	memcpy(m->guest, &e, sizeof(e));
	memcpy(m->guest + 512, lists, sizeof(lists));
	assert_int_equal(machine_call(m, hc_memory_op, XENMEM_exchange,
				      GUEST_BUFFER, 0, 0),
			 0);
}

static void a_domain_is_forgotten_when_it_has_nothing_left(void **state)
{
	struct machine *m = *state;

	give_ldt(m, 512);
	assert_false(mmu_domain_forget(&m->dom));
	machine_stop(m);
	while (mmu_domain_destroy(&m->dom) == -XEN_ERESTART) {
	}
	machine_check(m);
	assert_int_equal(m->mmu.nr_free, DOM_FRAMES + POOL_FRAMES);
	assert_true(mmu_domain_forget(&m->dom));
}

/* Each type's frames in use, now and at most. */
static void what_is_in_use_is_counted_by_its_type(void **state)
{
	struct machine *m = *state;
	const uint64_t at = entry_at(dom_frame(L1_FRAME), 100);
	const uint64_t val = pte_make(dom_frame(60), RW_FLAGS).v;
	const uint64_t typed = m->dom.stats.typed[FRAME_WRITABLE];

	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(call_mmu_update(m, at, val), 0);
		assert_int_equal(m->dom.stats.typed[FRAME_WRITABLE], typed + 1);
		assert_int_equal(m->dom.stats.peak[FRAME_WRITABLE], typed + 1);
		assert_int_equal(call_mmu_update(m, at, 0), 0);
		assert_int_equal(m->dom.stats.typed[FRAME_WRITABLE], typed);
	}
}

/* The last list is gone when another's frame is mapped: its place is not read.
 */
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, space_set_up, machine_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(entries_get_the_flags_that_ring_3_needs),
		TEST(a_kernels_page_is_never_global),
		TEST(what_is_in_use_is_counted_by_its_type),
		TEST(a_descriptor_page_is_no_page_to_store_to),
		TEST(what_was_an_l4_may_become_an_l3),
		TEST(the_hypervisors_entries_are_left_out_when_an_l4_goes),
		TEST(nothing_is_flushed_for_an_address_that_cannot_be),
		TEST(an_ldts_page_is_found_where_there_is_one),
		TEST(a_new_root_has_no_ldt_page_of_the_old),
		TEST(a_gdt_is_installed_whole_or_not_at_all),
		TEST(a_call_gate_leads_nowhere_but_to_the_guest),
		TEST(a_walk_keeps_out_of_what_is_not_the_guests),
		TEST(no_upper_entry_is_changed_as_if_it_mapped_a_page),
		TEST(a_compared_write_is_judged_like_any_other),
		TEST(an_exchange_is_of_one_domain_with_itself),
		TEST(an_exchange_lives_on_what_it_frees),
		TEST(a_domain_is_forgotten_when_it_has_nothing_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
