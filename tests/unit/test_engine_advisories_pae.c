/* SPDX-License-Identifier: MIT */
/*
 * Advisories again, for a 32-bit domain: those that have something in them of
 * the width of tables, addresses, structures or descriptors. As in
 * test_engine_advisories.c, each test is named after the Xen Security Advisory
 * that it comes from.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support/machine.h"

#define SPARE 20
#define OTHER 40
#define OTHER_L3 (OTHER + L3_FRAME)
#define FREE_VA (UINT64_C(40) * PAGE_SIZE)
#define BEYOND (UINT64_C(1) << 32)
#define LIST 2048
#define CODE64 UINT64_C(0x00affb000000ffff) /* of ring 3 */
#define CODE32 UINT64_C(0x00cf9b000000ffff) /* of ring 0 */

static int64_t set(struct machine *m, unsigned int table, unsigned int index,
		   pte_t e)
{
	return call_mmu_update(m, entry_at(dom_frame(table), index), e.v);
}

static int64_t pin(struct machine *m, unsigned int cmd, unsigned int n)
{
	return call_mmuext(m, cmd, dom_frame(n).v, 0);
}

static struct frame *frame_n(struct machine *m, unsigned int n)
{
	return &m->frames[dom_frame(n).v];
}

static pte_t ro(unsigned int n)
{
	return pte_make(dom_frame(n), RO_FLAGS);
}

/* --- flags of entries ------------------------------------------------------
 */

/* What a present entry of the level must not have. */
static uint64_t forbidden(unsigned int level)
{
	const uint64_t all = PTE_PWT | PTE_PCD | PTE_PS;

	return level == 1   ? all
	       : level == 2 ? all | PTE_G
			    : all | PTE_G | PTE_NX | PTE_AVAIL_HIGH;
}

static void try_flags(struct machine *m, unsigned int level, uint64_t bits)
{
	const unsigned int table = 4 - level;
	const unsigned int index = level == 1 ? RO_ENTRY : 0;
	const pte_t live = entry_of(m, dom_frame(table), index);
	const pte_t e = pte(live.v ^ bits);
	const int64_t rc = set(m, table, index, e);

	if (pte_present(e) && (e.v & forbidden(level)) != 0) {
		assert_int_equal(rc, -XEN_EINVAL);
	}
	if (level == 1 && pte_present(e) && pte_writable(e)) {
		/* RO_ENTRY maps the last L2. */
		assert_int_equal(rc == -XEN_EBUSY || rc == -XEN_EINVAL, 1);
	}
	assert_int_equal(set(m, table, index, live), 0);
	assert_int_equal(entry_of(m, dom_frame(table), index).v, live.v);
}

/*
 * 148, 154, 182, 402: no one or two flags of a live entry make a table
 * writable, a large page, or an entry that validation would refuse.
 */
static void xsa_182_flags_of_live_entries_in_32_bits(void **state)
{
	struct machine *m = *state;

	for (unsigned int level = 1; level <= 3; level++) {
		for (unsigned int a = 0; a < 64; a++) {
			for (unsigned int b = a; b < 64; b++) {
				uint64_t bits = UINT64_C(1) << a | UINT64_C(1)
									   << b;

				if ((bits & PTE_FRAME_MASK) == 0) {
					try_flags(m, level, bits);
				}
			}
		}
	}
	/* Of the fourth entry of an L3 none may change at all. */
	for (unsigned int a = 0; a < 64; a++) {
		pte_t live = entry_of(m, dom_frame(L3_FRAME), 3);

		assert_int_equal(set(m, L3_FRAME, 3,
				     pte(live.v ^ UINT64_C(1) << a)),
				 -XEN_EINVAL);
		assert_int_equal(entry_of(m, dom_frame(L3_FRAME), 3).v, live.v);
	}
}

/* 240: the only tables that map their own level are L2s, and no chain of. */
static void xsa_240_linear_chains_in_32_bits(void **state)
{
	struct machine *m = *state;
	const unsigned int a = SPARE, b = SPARE + 1, c = SPARE + 2;

	for (unsigned int n = a; n <= c; n++) {
		assert_int_equal(pin(m, MMUEXT_PIN_L2_TABLE, n), 0);
	}
	assert_int_equal(set(m, a, 1, ro(b)), 0);
	assert_int_equal(set(m, b, 1, ro(c)), -XEN_EINVAL);
	assert_int_equal(set(m, c, 1, ro(a)), -XEN_EINVAL);
	assert_int_equal(set(m, b, 1, ro(a)), -XEN_EINVAL);
	assert_int_equal(set(m, a, 1, pte(0)), 0);
	assert_int_equal(set(m, b, 1, ro(c)), 0);
	assert_int_equal(frame_n(m, c)->table.linear, 1);
}

/* --- roots and caches ------------------------------------------------------
 */

/*
 * 286: the CPU walks four levels, and keeps what it read of an L3 and an L2.
 * What an update takes away there is gone when the request returns.
 */
static void xsa_286_upper_updates_flush_in_32_bits(void **state)
{
	struct machine *m = *state;

	assert_int_equal(set(m, L3_FRAME, 1, pte_make(dom_frame(SPARE), PTE_P)),
			 0);
	m->flushes = 0;
	assert_int_equal(set(m, L3_FRAME, 1, pte(0)), 0);
	assert_true(m->flushes > 0);
	m->flushes = 0;
	assert_int_equal(set(m, L2_FRAME, 0, pte(0)), 0);
	assert_true(m->flushes > 0);
}

/* 292: another L3 is another entry of our L4; what the first mapped is gone. */
static void xsa_292_a_new_root_leaves_nothing_cached_in_32_bits(void **state)
{
	struct machine *m = *state;
	struct mmuext_op ops[2] = {
		{.cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = dom_frame(OTHER_L3).v},
		{.cmd = MMUEXT_PIN_L1_TABLE,
		 .arg1.mfn = dom_frame(DATA_FRAME).v},
	};
	struct multicall_entry calls[2] = {
		{.op = __HYPERVISOR_update_va_mapping, .args = {0, 0, 0}},
		{.op = __HYPERVISOR_mmuext_op,
		 .args = {GUEST_BUFFER + 512, 2, 0, DOMID_SELF}},
	};

	raw_space(m, OTHER, OTHER + 10);
	assert_int_equal(pin(m, MMUEXT_PIN_L3_TABLE, OTHER_L3), 0);
	memcpy(m->guest, calls, sizeof(calls));
	memcpy(m->guest + 512, ops, sizeof(ops));
	assert_int_equal(machine_call(m, hc_multicall, GUEST_BUFFER, 2, 0, 0),
			 0);
	assert_int_equal(frame_n(m, DATA_FRAME)->type, FRAME_L1);
	assert_int_equal(pte_mfn(m->cpu[CPU_FIRST].top).v,
			 dom_frame(OTHER_L3).v);
}

/* 438: an L3 that our L4 refers to stays one, whatever else lets go of it. */
static void xsa_438_a_loaded_root_outlives_all_else_in_32_bits(void **state)
{
	struct machine *m = *state;
	const uint64_t l3 = dom_frame(L3_FRAME).v;

	assert_int_equal(pin(m, MMUEXT_UNPIN_TABLE, L3_FRAME), 0);
	assert_int_equal(call_va_mapping(m, (RO_ENTRY + L3_FRAME) * PAGE_SIZE,
					 0, 0),
			 0);
	assert_int_equal(m->frames[l3].type, FRAME_L3);
	assert_int_equal(m->frames[l3].type_count, 1);
	assert_int_equal(call_mmuext(m, MMUEXT_CLEAR_PAGE, l3, 0), -XEN_EINVAL);
	assert_int_equal(set(m, L1_FRAME, 40, pte_make(mfn(l3), RW_FLAGS)),
			 -XEN_EBUSY);
}

/* --- addresses and structures ----------------------------------------------
 */

/* 279: no flush of an address that it has not. */
static void xsa_279_no_flush_after_failure_in_32_bits(void **state)
{
	struct machine *m = *state;

	m->flushes = 0;
	assert_int_equal(call_va_mapping(m, BEYOND, 0, UVMF_INVLPG),
			 -XEN_EINVAL);
	assert_int_equal(call_va_mapping(m, BEYOND + FREE_VA, 0,
					 UVMF_TLB_FLUSH),
			 -XEN_EINVAL);
	assert_int_equal(call_va_mapping(m, XEN_COMPAT_START, 0,
					 UVMF_TLB_FLUSH),
			 -XEN_EINVAL);
	assert_int_equal(m->flushes, 0);
}

/*
 * 227: where a grant is mapped is said in 64 bits by every guest. An address
 * that a 32-bit one has not names no entry, nor does one between two.
 */
static void xsa_227_a_grant_is_mapped_by_its_addresses(void **state)
{
	struct machine *m = *state;
	const uint64_t l1 = entry_at(dom_frame(L1_FRAME), 40);
	struct granted g = {
		.owner = &m->dom,
		.writable = true,
		.frame = dom_frame(SPARE),
	};
	const uint64_t none[] = {
		BEYOND + FREE_VA,
		(UINT64_C(1) << 39) + FREE_VA,
		XEN_COMPAT_START,
		UINT32_MAX,
		UINT64_C(0xffff880000000000),
	};

	for (unsigned int i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		g.address = none[i];
		assert_int_equal(mmu_grant_map(&m->vcpu, &g), -XEN_ENOENT);
	}
	g.by_pte = true;
	for (unsigned int low = 1; low < 8; low++) {
		g.address = l1 + low;
		assert_int_equal(mmu_grant_map(&m->vcpu, &g), -XEN_ENOENT);
	}
	/* Nor is an L2 or L3 a table of its kind. */
	g.address = entry_at(dom_frame(L3_FRAME), 1);
	assert_int_equal(mmu_grant_map(&m->vcpu, &g), -XEN_ENOENT);
	g.address = l1;
	assert_int_equal(mmu_grant_map(&m->vcpu, &g), 0);
	machine_check(m);
}

static void put(struct machine *m, unsigned int offset, const uint32_t *word,
		unsigned int nr)
{
	memcpy(m->guest + offset, word, nr * sizeof(*word));
}

static int64_t exchange_32(struct machine *m, uint32_t in, uint32_t out,
			   uint32_t nr, uint32_t done)
{
	const uint32_t words[] = {in, nr, 0, 0,          DOMID_SELF, out,
				  nr, 0,  0, DOMID_SELF, done};

	put(m, 0, words, sizeof(words) / sizeof(words[0]));
	return machine_call(m, hc_memory_op, XENMEM_exchange, GUEST_BUFFER, 0,
			    0);
}

/*
 * 29, 212: the lists of an exchange are of 32-bit words. One in the
 * hypervisor's range, over the guest's end, or that begins anew at 4 GiB, is
 * none; no page has gone, and no byte of the guest's has changed.
 */
static void xsa_212_an_exchanges_lists_are_checked_in_32_bits(void **state)
{
	static const uint32_t bad[] = {0, XEN_COMPAT_START,
				       XEN_COMPAT_START - 2, 0xfffffffc,
				       GUEST_BUFFER - 4};
	struct machine *m = *state;
	const uint32_t good = GUEST_BUFFER + LIST;
	const uint32_t frame = (uint32_t)dom_frame(60).v;
	const uint64_t pages = m->dom.nr_pages;
	uint32_t after;

	mmu_domain_32(&m->dom);
	put(m, LIST, &frame, 1);
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(exchange_32(m, good, bad[i], 1, 0),
				 -XEN_EFAULT);
		assert_int_equal(exchange_32(m, bad[i], good, 1, 0),
				 -XEN_EFAULT);
	}
	/* The 2^30th word of a list is 4 GiB behind its first. */
	assert_int_not_equal(exchange_32(m, good, good, 0x40000001, 0x40000000),
			     0);
	memcpy(&after, m->guest + LIST, sizeof(after));
	assert_int_equal(after, frame);
	assert_int_equal(m->frames[frame].owner, TEST_TAG);
	assert_int_equal(m->frames[frame].count, 1);
	assert_int_equal(m->dom.nr_pages, pages);
}

/* 213: a multicall does not nest, in its own form. */
static void xsa_213_nested_multicalls_in_32_bits(void **state)
{
	struct machine *m = *state;
	const uint32_t call[8] = {__HYPERVISOR_multicall, 0, GUEST_BUFFER, 1};
	int32_t result;

	mmu_domain_32(&m->dom);
	put(m, 0, call, 8);
	assert_int_equal(machine_call(m, hc_multicall, GUEST_BUFFER, 1, 0, 0),
			 0);
	memcpy(&result, m->guest + 4, sizeof(result));
	assert_int_equal(result, -XEN_EINVAL);
}

/* --- descriptors -----------------------------------------------------------
 */

/* 298: the same when the CPU finds a page of the LDT: what stands in it. */
static void xsa_298_ldt_pages_are_judged_when_used_in_32_bits(void **state)
{
	struct machine *m = *state;
	uint64_t *desc = frame_data(&m->mmu, dom_frame(SPARE));

	desc[511] = CODE64;
	assert_int_equal(set(m, L1_FRAME, 40, ro(SPARE)), 0);
	assert_int_equal(call_mmuext(m, MMUEXT_SET_LDT, XEN_COMPAT_START, 1),
			 -XEN_EINVAL);
	assert_int_equal(call_mmuext(m, MMUEXT_SET_LDT, BEYOND + FREE_VA, 1),
			 -XEN_EINVAL);
	assert_int_equal(call_mmuext(m, MMUEXT_SET_LDT, FREE_VA, 1), 0);
	assert_int_not_equal(mmu_ldt_fault(&m->vcpu, 1), 0);
	assert_int_not_equal(mmu_ldt_fault(&m->vcpu, 0), 0);
	machine_check(m);
	assert_false(pte_present(m->cpu[CPU_FIRST].window[16]));
	desc[511] = CODE32;
	assert_int_equal(mmu_ldt_fault(&m->vcpu, 0), 0);
	machine_check(m);
	assert_int_equal(desc[511] >> 45 & 3, 1);
}

/* Has the second, 64-bit domain use a page as its GDT and give it back. */
static mfn_t used_and_given_back(struct machine *m)
{
	struct xen_memory_reservation r = {.nr_extents = 1,
					   .domid = DOMID_SELF};
	uint64_t f;
	mfn_t data;

	machine_second_domain(m);
	m->caller = &m->other_vcpu;
	data = pte_mfn(pte_read(mmu_find_l1e(&m->other_vcpu, vaddr(0), &data)));
	assert_int_equal(call_va_mapping(m, 0, 0, UVMF_INVLPG), 0);
	*(uint64_t *)frame_data(&m->mmu, data) = CODE64;
	f = data.v;
	memcpy(m->guest + LIST, &f, sizeof(f));
	assert_int_equal(machine_call(m, hc_set_gdt, GUEST_BUFFER + LIST, 8, 0,
				      0),
			 0);
	assert_int_equal(m->frames[f].type, FRAME_DESC);
	assert_int_equal(machine_call(m, hc_set_gdt, 0, 0, 0, 0), 0);
	set_xen_guest_handle(r.extent_start,
			     (void *)(uintptr_t)(GUEST_BUFFER + LIST));
	memcpy(m->guest, &r, sizeof(r));
	assert_int_equal(machine_call(m, hc_memory_op,
				      XENMEM_decrease_reservation, GUEST_BUFFER,
				      0, 0),
			 1);
	m->caller = &m->vcpu;
	assert_int_equal(m->frames[f].owner, OWNER_FREE);
	return data;
}

/*
 * 214: a page of descriptors that were judged as a 64-bit guest's is judged
 * anew as a 32-bit one's.
 */
static void xsa_214_descriptors_are_judged_by_their_guests_width(void **state)
{
	struct machine *m = *state;
	const mfn_t f = used_and_given_back(m);
	struct xen_memory_reservation r = {.nr_extents = 1,
					   .domid = DOMID_SELF};
	uint64_t got = 0;

	set_xen_guest_handle(r.extent_start,
			     (void *)(uintptr_t)(GUEST_BUFFER + LIST));
	memcpy(m->guest, &r, sizeof(r));
	m->dom.max_pages = MACHINE_FRAMES;
	for (unsigned int i = 0; i < POOL_FRAMES && got != f.v; i++) {
		memcpy(m->guest + LIST, &(uint64_t){4000 + i}, 8);
		assert_int_equal(machine_call(m, hc_memory_op,
					      XENMEM_populate_physmap,
					      GUEST_BUFFER, 0, 0),
				 1);
		memcpy(&got, m->guest + LIST, sizeof(got));
	}
	assert_int_equal(got, f.v);
	assert_int_equal(m->frames[got].type, FRAME_NONE);
	*(uint64_t *)frame_data(&m->mmu, f) = CODE64;
	assert_int_equal(machine_call(m, hc_set_gdt, GUEST_BUFFER + LIST, 8, 0,
				      0),
			 -XEN_EINVAL);
	assert_int_equal(m->dom.refusal.rule, RULE_DESCRIPTOR);
	*(uint64_t *)frame_data(&m->mmu, f) = CODE32;
	assert_int_equal(machine_call(m, hc_set_gdt, GUEST_BUFFER + LIST, 8, 0,
				      0),
			 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, pae_set_up, machine_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(xsa_182_flags_of_live_entries_in_32_bits),
		T(xsa_240_linear_chains_in_32_bits),
		T(xsa_286_upper_updates_flush_in_32_bits),
		T(xsa_292_a_new_root_leaves_nothing_cached_in_32_bits),
		T(xsa_438_a_loaded_root_outlives_all_else_in_32_bits),
		T(xsa_279_no_flush_after_failure_in_32_bits),
		T(xsa_227_a_grant_is_mapped_by_its_addresses),
		T(xsa_212_an_exchanges_lists_are_checked_in_32_bits),
		T(xsa_213_nested_multicalls_in_32_bits),
		T(xsa_298_ldt_pages_are_judged_when_used_in_32_bits),
		T(xsa_214_descriptors_are_judged_by_their_guests_width),
	};

	return cmocka_run_group_tests_name("advisories in 32 bits", tests, NULL,
					   NULL);
}
