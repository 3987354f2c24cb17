/* SPDX-License-Identifier: MIT */
/*
 * Flushes that are owed on a machine with two vCPUs, whose CPUs forget nothing
 * that they are not told to (I9): what one vCPU does reaches the other's, and a
 * flush of one CPU is not taken for one of all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support/machine.h"

#define PAGE DATA_FRAME
#define SLOT 100
#define SLOT_VA ((uint64_t)SLOT << PAGE_SHIFT)

static uint64_t l1_slot(unsigned int index)
{
	return entry_at(dom_frame(L1_FRAME), index);
}

static int two_set_up(void **state)
{
	int rc = space_set_up(state);

	machine_second_vcpu(*state);
	return rc;
}

static bool caches(const struct worst_cpu *c, mfn_t f, unsigned int level)
{
	for (unsigned int i = 0; i < c->cache.nr; i++) {
		if (c->cache.at[i].frame == f.v &&
		    c->cache.at[i].level == level) {
			return true;
		}
	}
	return false;
}

/*
 * A page that both CPUs have cached writable loses its mapping, `between`
 * happens on the first, and the page becomes a table: neither may write it.
 */
static void becomes_a_table_after(struct machine *m, unsigned int cmd,
				  uint64_t arg1, uint64_t arg2)
{
	mfn_t page = dom_frame(PAGE);

	assert_true(caches(&m->cpu[CPU_FIRST], page, 1));
	assert_true(caches(&m->cpu[CPU_SECOND], page, 1));
	assert_int_equal(call_mmu_update(m, l1_slot(0), 0), 0);
	assert_int_equal(call_mmuext(m, cmd, arg1, arg2), 0);
	assert_true(caches(&m->cpu[CPU_SECOND], page, 1));
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L1_TABLE, page.v, 0), 0);
	assert_false(caches(&m->cpu[CPU_SECOND], page, 1));
}

static void a_new_root_of_one_vcpu_is_no_flush_of_all(void **state)
{
	struct machine *m = *state;

	raw_space(m, 40, 60);
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE, dom_frame(40).v,
				     0),
			 0);
	becomes_a_table_after(m, MMUEXT_NEW_BASEPTR, dom_frame(40).v, 0);
}

static void a_local_flush_is_no_flush_of_all(void **state)
{
	becomes_a_table_after(*state, MMUEXT_TLB_FLUSH_LOCAL, 0, 0);
}

static void a_flush_of_some_is_no_flush_of_all(void **state)
{
	struct machine *m = *state;

	m->guest[4096] = 1;
	becomes_a_table_after(m, MMUEXT_TLB_FLUSH_MULTI, 0,
			      GUEST_BUFFER + 4096);
}

static void a_page_flushed_by_one_is_not_flushed_by_all(void **state)
{
	becomes_a_table_after(*state, MMUEXT_INVLPG_LOCAL, 0, 0);
}

static void a_set_of_vcpus_is_flushed_and_no_other(void **state)
{
	static const struct {
		unsigned int cmd;
		uint8_t set;
	} rows[] = {
		{MMUEXT_TLB_FLUSH_MULTI, 1}, {MMUEXT_TLB_FLUSH_MULTI, 2},
		{MMUEXT_TLB_FLUSH_MULTI, 3}, {MMUEXT_INVLPG_MULTI, 1},
		{MMUEXT_INVLPG_MULTI, 2},    {MMUEXT_INVLPG_MULTI, 3},
		{MMUEXT_TLB_FLUSH_ALL, 3},   {MMUEXT_INVLPG_ALL, 3},
		{MMUEXT_TLB_FLUSH_LOCAL, 1}, {MMUEXT_INVLPG_LOCAL, 1},
	};
	struct machine *m = *state;
	mfn_t page = dom_frame(PAGE);
	uint64_t kept = entry_of(m, dom_frame(L1_FRAME), 0).v;

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(call_mmu_update(m, l1_slot(0), 0), 0);
		m->guest[4096] = rows[i].set;
		assert_int_equal(call_mmuext(m, rows[i].cmd, 0,
					     GUEST_BUFFER + 4096),
				 0);
		assert_int_equal(caches(&m->cpu[CPU_FIRST], page, 1),
				 (rows[i].set & 1) == 0);
		assert_int_equal(caches(&m->cpu[CPU_SECOND], page, 1),
				 (rows[i].set & 2) == 0);
		assert_int_equal(call_mmu_update(m, l1_slot(0), kept), 0);
	}
	/* No set, no flush. */
	assert_int_equal(call_mmuext(m, MMUEXT_TLB_FLUSH_MULTI, 0, 0x20),
			 -XEN_EINVAL);
}

static void the_flags_of_an_upper_entry_reach_all_cpus(void **state)
{
	struct machine *m = *state;
	const mfn_t l2 = dom_frame(L2_FRAME);
	uint64_t val = entry_of(m, l2, 0).v | PTE_NX;
	unsigned int flushes = m->flushes;

	assert_int_equal(call_mmu_update(m, entry_at(l2, 0), val), 0);
	assert_int_equal(m->flushes, flushes + 1);
}

static void a_gdt_that_was_replaced_is_not_cached(void **state)
{
	struct machine *m = *state;
	uint64_t old = dom_frame(60).v;
	uint64_t new = dom_frame(61).v;

	memcpy(m->guest, &old, sizeof(old));
	assert_int_equal(machine_call(m, hc_set_gdt, GUEST_BUFFER, 16, 0, 0),
			 0);
	assert_true(caches(&m->cpu[CPU_FIRST], mfn(old), 0));
	memcpy(m->guest, &new, sizeof(new));
	assert_int_equal(machine_call(m, hc_set_gdt, GUEST_BUFFER, 16, 0, 0),
			 0);
	assert_false(caches(&m->cpu[CPU_FIRST], mfn(old), 0));
}

/* An LDT of one page, which the CPU has found. */
static mfn_t give_ldt(struct machine *m)
{
	mfn_t page = dom_frame(60);

	assert_int_equal(call_mmu_update(m, l1_slot(SLOT),
					 pte_make(page, RO_FLAGS).v),
			 0);
	assert_int_equal(call_mmuext(m, MMUEXT_SET_LDT, SLOT_VA, 16), 0);
	assert_int_equal(mmu_ldt_fault(&m->vcpu, 0), 0);
	machine_check(m);
	assert_true(caches(&m->cpu[CPU_FIRST], page, 0));
	return page;
}

static void an_ldt_that_was_taken_away_is_not_cached(void **state)
{
	struct machine *m = *state;
	mfn_t page = give_ldt(m);

	assert_int_equal(call_mmuext(m, MMUEXT_SET_LDT, 0, 0), 0);
	assert_false(caches(&m->cpu[CPU_FIRST], page, 0));
}

static void an_ldt_page_whose_mapping_goes_is_forgotten_by_all(void **state)
{
	struct machine *m = *state;
	mfn_t page = give_ldt(m);

	m->caller = &m->second;
	assert_int_equal(call_mmu_update(m, l1_slot(SLOT), 0), 0);
	assert_false(caches(&m->cpu[CPU_FIRST], page, 0));
	assert_int_equal(m->vcpu.ldt[0].v, 0);
	/* And may now be written. */
	assert_int_equal(call_mmu_update(m, l1_slot(SLOT),
					 pte_make(page, RW_FLAGS).v),
			 0);
}

static void a_page_taken_back_is_cached_by_nobody(void **state)
{
	struct machine *m = *state;
	mfn_t lent = mfn(SHARED_FRAME);

	assert_int_equal(call_mmu_update(m, l1_slot(SLOT),
					 pte_make(lent, RW_FLAGS).v),
			 0);
	assert_int_equal(call_mmu_update(m, l1_slot(SLOT), 0), 0);
	assert_true(caches(&m->cpu[CPU_SECOND], lent, 1));
	assert_int_equal(mmu_unshare(&m->dom, lent, 1), 0);
	machine_check(m);
	assert_false(caches(&m->cpu[CPU_SECOND], lent, 1));
}

static void a_granted_frame_that_is_unmapped_is_cached_by_nobody(void **state)
{
	struct machine *m = *state;
	struct granted g = {.address = SLOT_VA, .writable = true};

	machine_second_domain(m);
	/* Its own, and the other domain's. */
	for (unsigned int i = 0; i < 2; i++) {
		pte_t theirs = entry_of(m, m->other_vcpu.kernel_root, 0);

		for (unsigned int level = 3; level > 0; level--) {
			theirs = entry_of(m, pte_mfn(theirs), 0);
		}
		g.owner = i == 0 ? &m->dom : &m->other;
		g.frame = i == 0 ? dom_frame(60) : pte_mfn(theirs);
		assert_int_equal(mmu_grant_map(&m->vcpu, &g), 0);
		machine_check(m);
		assert_true(caches(&m->cpu[CPU_SECOND], g.frame, 1));
		assert_int_equal(mmu_grant_unmap(&m->vcpu, &g), 0);
		machine_check(m);
		assert_false(caches(&m->cpu[CPU_SECOND], g.frame, 1));
	}
}

/* Of two frames that are given back, the other domain wants the first. */
static void a_freed_frame_is_nobodys_before_its_flush(void **state)
{
	struct machine *m = *state;
	const uint64_t list[2] = {dom_frame(60).v, dom_frame(61).v};
	struct xen_memory_reservation r = {.nr_extents = 2,
					   .domid = DOMID_SELF};

	machine_second_domain(m);
	assert_int_equal(call_mmu_update(m, l1_slot(SLOT),
					 pte_make(mfn(list[0]), RW_FLAGS).v),
			 0);
	assert_int_equal(call_mmu_update(m, l1_slot(SLOT), 0), 0);
	assert_true(caches(&m->cpu[CPU_SECOND], mfn(list[0]), 1));
	set_xen_guest_handle(r.extent_start,
			     (void *)(uintptr_t)(GUEST_BUFFER + 512));
	memcpy(m->guest, &r, sizeof(r));
	memcpy(m->guest + 512, list, sizeof(list));
	m->other_takes = true;
	assert_int_equal(machine_call(m, hc_memory_op,
				      XENMEM_decrease_reservation, GUEST_BUFFER,
				      0, 0),
			 2);
	assert_int_equal(m->frames[list[0]].owner, OWNER_FREE);
}

/*
 * Of a domain that ends, in as many pieces as it may, while another takes what
 * it frees: both CPUs remember all that they have found there until they are
 * told, and they are told once.
 */
static void a_domain_that_ends_is_flushed_once(void **state)
{
	struct machine *m = *state;
	unsigned int pieces = 1;
	unsigned int flushes;

	raw_space(m, 40, 60);
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE, dom_frame(40).v,
				     0),
			 0);
	machine_second_domain(m);
	flushes = m->flushes;
	m->other.max_pages += POOL_FRAMES;
	m->other_takes = true;
	m->preempt_after = 1;
	assert_true(caches(&m->cpu[CPU_FIRST], dom_frame(PAGE), 1));
	assert_true(caches(&m->cpu[CPU_SECOND], dom_frame(PAGE), 1));
	while (mmu_domain_destroy(&m->dom) == -XEN_ERESTART) {
		machine_check(m);
		pieces++;
	}
	machine_check(m);
	assert_true(pieces > 2);
	assert_int_equal(m->flushes, flushes + 1);
	assert_int_equal(m->dom.nr_pages, 0);
	assert_int_equal(m->dom.nr_freed, 0);
	assert_false(caches(&m->cpu[CPU_SECOND], dom_frame(PAGE), 1));
}

static void one_vcpus_user_root_is_cached_by_it_alone(void **state)
{
	struct machine *m = *state;
	mfn_t l3 = dom_frame(41);

	raw_space(m, 40, 60);
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE, dom_frame(40).v,
				     0),
			 0);
	m->caller = &m->second;
	assert_int_equal(call_mmuext(m, MMUEXT_NEW_USER_BASEPTR,
				     dom_frame(40).v, 0),
			 0);
	assert_int_equal(call_mmuext(m, MMUEXT_UNPIN_TABLE, dom_frame(40).v, 0),
			 0);
	assert_true(caches(&m->cpu[CPU_SECOND], l3, 4));
	assert_false(caches(&m->cpu[CPU_FIRST], l3, 4));
	/* Its tables go, and each frame of them is used otherwise. */
	assert_int_equal(call_mmuext(m, MMUEXT_NEW_USER_BASEPTR, 0, 0), 0);
	m->caller = &m->vcpu;
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(call_mmu_update(m, l1_slot(SLOT + i),
						 pte_make(dom_frame(40 + i),
							  RW_FLAGS)
							 .v),
				 0);
	}
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, two_set_up, machine_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_root_of_one_vcpu_is_no_flush_of_all),
		TEST(a_local_flush_is_no_flush_of_all),
		TEST(a_flush_of_some_is_no_flush_of_all),
		TEST(a_page_flushed_by_one_is_not_flushed_by_all),
		TEST(a_set_of_vcpus_is_flushed_and_no_other),
		TEST(the_flags_of_an_upper_entry_reach_all_cpus),
		TEST(a_gdt_that_was_replaced_is_not_cached),
		TEST(an_ldt_that_was_taken_away_is_not_cached),
		TEST(an_ldt_page_whose_mapping_goes_is_forgotten_by_all),
		TEST(a_page_taken_back_is_cached_by_nobody),
		TEST(a_granted_frame_that_is_unmapped_is_cached_by_nobody),
		TEST(a_freed_frame_is_nobodys_before_its_flush),
		TEST(a_domain_that_ends_is_flushed_once),
		TEST(one_vcpus_user_root_is_cached_by_it_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
