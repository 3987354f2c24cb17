/* SPDX-License-Identifier: MIT */
/*
 * Requests as guests make them: batches, multicalls, memory_op, descriptor
 * tables, direct writes to page tables.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support/machine.h"

#define AT(offset) (GUEST_BUFFER + (offset))
#define L1_VA ((RO_ENTRY + L1_FRAME) * PAGE_SIZE) /* the L1, read-only */

static void a_batch_stops_at_the_first_refusal(void **state)
{
	struct machine *m = *state;
	struct mmu_update u[4];
	uint32_t done;

	for (unsigned int i = 0; i < 4; i++) {
		u[i].ptr = entry_at(dom_frame(L1_FRAME), 40 + i);
		u[i].val = pte_make(dom_frame(50 + i), RW_FLAGS).v;
	}
	u[2].val = pte_make(dom_frame(L2_FRAME), RW_FLAGS).v;
	memcpy(m->guest, u, sizeof(u));
	assert_int_equal(machine_call(m, hc_mmu_update, AT(0), 4, AT(512),
				      DOMID_SELF),
			 -XEN_EBUSY);
	memcpy(&done, m->guest + 512, sizeof(done));
	assert_int_equal(done, 2);
	assert_int_equal(m->dom.refusal.op.index, 2);
	assert_true(pte_present(entry_of(m, dom_frame(L1_FRAME), 41)));
	assert_false(pte_present(entry_of(m, dom_frame(L1_FRAME), 43)));
}

static void an_interrupted_batch_counts_all_it_did(void **state)
{
	struct machine *m = *state;
	struct mmu_update u[34];
	uint32_t done;

	for (unsigned int i = 0; i < 34; i++) {
		u[i].ptr = entry_at(dom_frame(L1_FRAME), 40 + i);
		u[i].val = pte_make(dom_frame(50 + i), RW_FLAGS).v;
	}
	memcpy(m->guest, u, sizeof(u));
	m->preempt_after = 1;
	assert_int_equal(machine_call(m, hc_mmu_update, AT(0), 34, AT(1024),
				      DOMID_SELF),
			 0);
	/* Whether to make room is asked before each group of 16 but the first.
	 */
	assert_int_equal(m->restarts, 2);
	memcpy(&done, m->guest + 1024, sizeof(done));
	assert_int_equal(done, 34);
}

/* Groups are how the engine reads a list, and nobody is to see it. */
static void a_batch_is_done_as_far_as_it_can_be_read(void **state)
{
	struct machine *m = *state;

	for (unsigned int nr = 0; nr <= 40; nr++) {
		uint64_t at =
			GUEST_BUFFER_SIZE - nr * sizeof(struct mmu_update);
		uint32_t done;

		for (unsigned int i = 0; i < nr; i++) {
			const struct mmu_update u = {
				.ptr = entry_at(dom_frame(L1_FRAME), 40 + i),
				.val = pte_make(dom_frame(50 + nr), RW_FLAGS).v,
			};

			memcpy(m->guest + at + i * sizeof(u), &u, sizeof(u));
		}
		assert_int_equal(machine_call(m, hc_mmu_update, AT(at), nr + 9,
					      AT(0), DOMID_SELF),
				 -XEN_EFAULT);
		memcpy(&done, m->guest, sizeof(done));
		assert_int_equal(done, nr);
		assert_int_equal(m->dom.refusal.rule, RULE_FAULT);
		assert_int_equal(m->dom.refusal.op.index, nr);
		for (unsigned int i = 0; i < nr; i++) {
			pte_t e = entry_of(m, dom_frame(L1_FRAME), 40 + i);

			assert_int_equal(pte_mfn(e).v, dom_frame(50 + nr).v);
		}
	}
}

/* What a group needs is asked for before anything of it has been judged. */
static void a_group_may_name_frames_that_there_are_not(void **state)
{
	struct machine *m = *state;
	const uint64_t none = (uint64_t)UINT32_MAX << PAGE_SHIFT;
	struct mmu_update u[2] = {
		{.ptr = entry_at(dom_frame(L1_FRAME), 40),
		 .val = pte_make(dom_frame(50), RW_FLAGS).v},
		{.ptr = none, .val = pte_make(dom_frame(51), RW_FLAGS).v},
	};

	for (unsigned int i = 0; i < 2; i++) {
		uint32_t done;

		memcpy(m->guest, u, sizeof(u));
		assert_int_equal(machine_call(m, hc_mmu_update, AT(0), 2,
					      AT(1024), DOMID_SELF),
				 i == 0 ? -XEN_EINVAL : -XEN_EPERM);
		memcpy(&done, m->guest + 1024, sizeof(done));
		assert_int_equal(done, 1);
		assert_int_equal(m->dom.refusal.rule,
				 i == 0 ? RULE_UPDATE_FRAME : RULE_MAP_HOLE);
		/* Now in what the entry is to be. */
		u[1].ptr = entry_at(dom_frame(L1_FRAME), 41);
		u[1].val = none | RW_FLAGS;
	}
	/* The entry that is there may say anything, unless it is present. */
	raw_entry(m, dom_frame(L1_FRAME), 41, pte(none));
	u[1].val = pte_make(dom_frame(51), RW_FLAGS).v;
	memcpy(m->guest, u, sizeof(u));
	assert_int_equal(machine_call(m, hc_mmu_update, AT(0), 2, AT(1024),
				      DOMID_SELF),
			 0);
}

static void bad_pointers_change_nothing(void **state)
{
	struct machine *m = *state;
	struct {
		hypercall_fn *fn;
		uint64_t a0, a1;
	} rows[] = {
		{hc_mmu_update, 0, 1},
		{hc_mmu_update, UINT64_C(0xffff800000000000), 1},
		{hc_mmuext_op, AT(GUEST_BUFFER_SIZE - 8), 1},
		{hc_set_gdt, 8, 16},
		{hc_multicall, 8, 1},
		{hc_memory_op, XENMEM_memory_map, 8},
		{hc_memory_op, XENMEM_exchange, 8},
		{hc_memory_op, XENMEM_machphys_mapping, 8},
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(machine_call(m, rows[i].fn, rows[i].a0,
					      rows[i].a1, 0, DOMID_SELF),
				 -XEN_EFAULT);
	}
}

static void other_domains_are_refused(void **state)
{
	struct machine *m = *state;

	assert_int_equal(machine_call(m, hc_mmu_update, AT(0), 1, 0, 3),
			 -XEN_ESRCH);
	assert_int_equal(machine_call(m, hc_mmuext_op, AT(0), 1, 0, DOMID_IO),
			 -XEN_EPERM);
	assert_int_equal(machine_call(m, hc_mmu_update, AT(0), 0, 0,
				      TEST_DOMID),
			 0);
	assert_int_equal(machine_call(m, hc_update_va_mapping_otherdomain, 0, 0,
				      0, 3),
			 -XEN_ESRCH);
}

static void a_multicall_writes_each_result(void **state)
{
	struct machine *m = *state;
	struct multicall_entry e[3] = {
		{.op = __HYPERVISOR_update_va_mapping, .args = {0, 0, 0}},
		{.op = __HYPERVISOR_xen_version},
		{.op = __HYPERVISOR_update_va_mapping,
		 .args = {UINT64_C(1) << 40, 0, 0}},
	};

	memcpy(m->guest, e, sizeof(e));
	assert_int_equal(machine_call(m, hc_multicall, AT(0), 3, 0, 0), 0);
	memcpy(e, m->guest, sizeof(e));
	assert_int_equal(e[0].result, 0);
	assert_int_equal(e[1].result, 0x40011);
	assert_int_equal((int64_t)e[2].result, -XEN_EINVAL);
}

/* The entry is the same one when the list goes on from the middle. */
static void a_list_that_was_stopped_is_read_where_it_was(void **state)
{
	struct machine *m = *state;
	struct mmu_update u[40];
	uint32_t done;
	uint64_t serial = m->dom.serial;

	for (unsigned int i = 0; i < 40; i++) {
		u[i].ptr = entry_at(dom_frame(L1_FRAME), 40 + i);
		u[i].val = i == 39 ? ~UINT64_C(0) : 0;
	}
	memcpy(m->guest + 64, u, sizeof(u));
	m->preempt_after = 1;
	(void)machine_call(m, hc_mmu_update, AT(64), 40, AT(0), DOMID_SELF);
	memcpy(&done, m->guest, sizeof(done));
	assert_true(m->restarts > 1);
	assert_int_equal(done, 39);
	assert_int_equal(m->dom.refusal.of, 40);
	assert_int_equal(m->dom.refusal.source, AT(64) + 39 * sizeof(u[0]));
	assert_int_equal(m->dom.refusal.request, serial + 1);
}

static void preserving_keeps_the_cpus_bits(void **state)
{
	struct machine *m = *state;
	mfn_t l1 = dom_frame(L1_FRAME);
	pte_t e = pte_make(dom_frame(50), PTE_P | PTE_RW | PTE_US);

	raw_entry(m, l1, 0, pte(entry_of(m, l1, 0).v | PTE_D));
	assert_int_equal(call_mmu_update(m,
					 entry_at(l1, 0) |
						 MMU_PT_UPDATE_PRESERVE_AD,
					 e.v),
			 0);
	assert_int_equal(entry_of(m, l1, 0).v & (PTE_A | PTE_D), PTE_A | PTE_D);
	assert_int_equal(call_mmu_update(m, entry_at(l1, 0), e.v), 0);
	assert_int_equal(entry_of(m, l1, 0).v & (PTE_A | PTE_D), 0);
}

static void machphys_updates_need_the_frame(void **state)
{
	struct machine *m = *state;
	uint64_t at = dom_frame(9).v << PAGE_SHIFT | MMU_MACHPHYS_UPDATE;

	assert_int_equal(call_mmu_update(m, at, 1234), 0);
	assert_int_equal(m->m2p[dom_frame(9).v], 1234);
	assert_int_equal(
		call_mmu_update(m, (5 << PAGE_SHIFT) | MMU_MACHPHYS_UPDATE, 1),
		-XEN_EINVAL);
}

static void a_direct_write_is_judged_as_an_update(void **state)
{
	struct machine *m = *state;
	vaddr_t va = vaddr(L1_VA + 40 * 8);
	uint64_t val = pte_make(dom_frame(50), RW_FLAGS).v;
	uint64_t old = 0;

	assert_int_equal(call_direct(m, va, DIRECT_WRITE, &old, val), 0);
	machine_check(m);
	assert_int_equal(m->frames[dom_frame(50).v].type, FRAME_WRITABLE);
	/* compare and exchange: what differs is only read */
	old = 77;
	assert_int_equal(call_direct(m, va, DIRECT_CMPXCHG, &old, 0), 0);
	machine_check(m);
	assert_int_equal(old, entry_of(m, dom_frame(L1_FRAME), 40).v);
	assert_int_equal(call_direct(m, va, DIRECT_CMPXCHG, &old, 0), 0);
	machine_check(m);
	assert_int_equal(entry_of(m, dom_frame(L1_FRAME), 40).v, 0);
	assert_int_equal(m->frames[dom_frame(50).v].type_count, 0);
	/* what is refused is not written */
	val = pte_make(dom_frame(L1_FRAME), RW_FLAGS).v;
	assert_int_equal(call_direct(m, va, DIRECT_WRITE, &old, val),
			 -XEN_EBUSY);
	machine_check(m);
	assert_int_equal(entry_of(m, dom_frame(L1_FRAME), 40).v, 0);
}

static void a_direct_write_elsewhere_is_an_ordinary_fault(void **state)
{
	struct machine *m = *state;
	static const struct {
		uint64_t va;
		int rc; /* EINVAL: somebody may want to know why */
	} nowhere[] = {
		{0, -XEN_EINVAL},                    /* writable data */
		{RO_ENTRY * PAGE_SIZE, -XEN_EINVAL}, /* the L4, read-only */
		{51 * PAGE_SIZE, -XEN_ENOENT},       /* read-only data */
		{50 * PAGE_SIZE, -XEN_EINVAL},       /* unmapped */
		/* not canonical */
		{UINT64_C(0x0000800000000000), -XEN_ENOENT},
		/* the hypervisor's */
		{UINT64_C(0xffff800000000000), -XEN_ENOENT},
	};
	struct direct_write w;
	uint64_t old;

	assert_int_equal(call_va_mapping(m, 51 * PAGE_SIZE,
					 pte_make(dom_frame(70), RO_FLAGS).v,
					 0),
			 0);
	for (unsigned int i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]);
	     i++) {
		assert_int_equal(call_direct(m, vaddr(nowhere[i].va),
					     DIRECT_WRITE, &old, 0),
				 nowhere[i].rc);
		assert_int_equal(mmu_direct_find(&m->vcpu, vaddr(nowhere[i].va),
						 &w),
				 nowhere[i].rc);
	}
	assert_int_equal(call_direct(m, vaddr(L1_VA + 4), DIRECT_WRITE, &old,
				     0),
			 -XEN_EINVAL);
	machine_check(m);
}

/* P, S, type, DPL and the rest of a descriptor's upper half. */
#define CODE64 UINT64_C(0x00af9b000000ffff) /* DPL 0 */
#define TSS UINT64_C(0x0000890000000067)
#define CALL_GATE UINT64_C(0x00008c0000080000)

static void descriptors_are_checked_and_fixed(void **state)
{
	struct machine *m = *state;
	uint64_t frame = dom_frame(20).v;
	uint64_t *desc = frame_data(&m->mmu, mfn(frame));

	desc[1] = CODE64;
	desc[2] = CALL_GATE;
	memcpy(m->guest, &frame, sizeof(frame));
	assert_int_equal(machine_call(m, hc_set_gdt, AT(0), 16, 0, 0), 0);
	assert_int_equal(desc[1] >> 45 & 3, 3); /* never ring 0 */
	assert_int_equal(desc[2] >> 45 & 3, 0); /* using it traps */
	assert_int_equal(m->frames[frame].type, FRAME_DESC);
	assert_int_equal(pte_mfn(m->cpu[CPU_FIRST].window[0]).v, frame);
	/* the page cannot be mapped writable while it is the GDT */
	assert_int_equal(call_va_mapping(m, 40 * PAGE_SIZE,
					 pte_make(mfn(frame), RW_FLAGS).v, 0),
			 -XEN_EBUSY);
	assert_int_equal(machine_call(m, hc_update_descriptor,
				      entry_at(mfn(frame), 3), CODE64, 0, 0),
			 0);
	assert_int_equal(desc[3] >> 45 & 3, 3);
	assert_int_equal(machine_call(m, hc_update_descriptor,
				      entry_at(mfn(frame), 3), TSS, 0, 0),
			 -XEN_EINVAL);
	assert_int_equal(machine_call(m, hc_set_gdt, AT(0), 0, 0, 0), 0);
	assert_int_equal(m->frames[frame].count, 1);
	desc[4] = TSS;
	m->frames[frame].flags &= (uint8_t)~FRAME_VALIDATED;
	assert_int_equal(machine_call(m, hc_set_gdt, AT(0), 16, 0, 0),
			 -XEN_EINVAL);
	assert_int_equal(machine_call(m, hc_set_gdt, AT(0), 14 * 512 + 1, 0, 0),
			 -XEN_EINVAL);
}

static void a_page_refused_as_descriptors_can_be_mended(void **state)
{
	struct machine *m = *state;
	uint64_t frame = dom_frame(20).v;
	uint64_t *desc = frame_data(&m->mmu, mfn(frame));

	desc[3] = TSS;
	memcpy(m->guest, &frame, sizeof(frame));
	assert_int_equal(machine_call(m, hc_set_gdt, AT(0), 16, 0, 0),
			 -XEN_EINVAL);
	assert_int_equal(machine_call(m, hc_update_descriptor,
				      entry_at(mfn(frame), 3), CODE64, 0, 0),
			 0);
	assert_int_equal(machine_call(m, hc_set_gdt, AT(0), 16, 0, 0), 0);
}

static void ldt_pages_come_on_demand_and_go_with_their_mapping(void **state)
{
	struct machine *m = *state;
	uint64_t va = 40 * PAGE_SIZE;
	mfn_t f = dom_frame(50);

	assert_int_equal(call_mmuext(m, MMUEXT_SET_LDT, va, 600), 0);
	assert_int_not_equal(mmu_ldt_fault(&m->vcpu, 0),
			     0); /* nothing mapped there */
	assert_int_equal(call_va_mapping(m, va, pte_make(f, RO_FLAGS).v, 0), 0);
	assert_int_equal(mmu_ldt_fault(&m->vcpu, 0), 0);
	machine_check(m);
	assert_int_not_equal(mmu_ldt_fault(&m->vcpu, 2),
			     0); /* beyond 600 entries */
	assert_int_equal(m->frames[f.v].type, FRAME_DESC);
	assert_int_equal(pte_mfn(m->cpu[CPU_FIRST].window[16]).v, f.v);
	assert_int_equal(call_va_mapping(m, va, pte_make(f, RW_FLAGS).v,
					 UVMF_INVLPG),
			 -XEN_EBUSY);
	assert_int_equal(call_va_mapping(m, va, 0, UVMF_INVLPG), 0);
	assert_false(pte_present(m->cpu[CPU_FIRST].window[16]));
	assert_int_equal(call_va_mapping(m, va, pte_make(f, RW_FLAGS).v, 0), 0);
	assert_int_equal(call_mmuext(m, MMUEXT_SET_LDT, va + 1, 1),
			 -XEN_EINVAL);
	assert_int_equal(call_mmuext(m, MMUEXT_SET_LDT, va, 8193), -XEN_EINVAL);
	assert_int_equal(call_mmuext(m, MMUEXT_SET_LDT,
				     UINT64_C(0xffff800000000000), 1),
			 -XEN_EINVAL);
}

static int64_t reservation(struct machine *m, unsigned int op, uint64_t *list,
			   uint64_t nr, unsigned int order)
{
	struct xen_memory_reservation r = {.nr_extents = nr,
					   .extent_order = order,
					   .domid = DOMID_SELF};
	int64_t rc;

	set_xen_guest_handle(r.extent_start, (void *)(uintptr_t)AT(512));
	memcpy(m->guest, &r, sizeof(r));
	memcpy(m->guest + 512, list, nr * sizeof(*list));
	rc = machine_call(m, hc_memory_op, op, AT(0), 0, 0);
	memcpy(list, m->guest + 512, nr * sizeof(*list));
	return rc;
}

static void memory_goes_and_comes_back(void **state)
{
	struct machine *m = *state;
	uint64_t list[8];
	uint64_t pages = m->dom.nr_pages;

	for (unsigned int i = 0; i < 8; i++) {
		list[i] = dom_frame(60 + i).v;
	}
	m->preempt_after = 1;
	assert_int_equal(reservation(m, XENMEM_decrease_reservation, list, 8,
				     0),
			 8);
	assert_int_equal(m->dom.nr_pages, pages - 8);
	assert_int_equal(m->frames[list[0]].owner, OWNER_FREE);
	for (unsigned int i = 0; i < 8; i++) {
		list[i] = 60 + i;
	}
	memset(frame_data(&m->mmu, mfn(m->mmu.free_run[0])), 0xaa, PAGE_SIZE);
	assert_int_equal(reservation(m, XENMEM_populate_physmap, list, 8, 0),
			 8);
	assert_int_equal(m->dom.nr_pages, pages);
	for (unsigned int i = 0; i < 8; i++) {
		const uint64_t *words = frame_data(&m->mmu, mfn(list[i]));

		assert_int_equal(m->m2p[list[i]], 60 + i);
		assert_int_equal(words[0], 0);
	}
	/* a whole extent of 8 pages, and more than there is */
	list[0] = 200;
	assert_int_equal(reservation(m, XENMEM_populate_physmap, list, 1, 3),
			 1);
	assert_int_equal(list[0] % 8, 0);
	assert_int_equal(reservation(m, XENMEM_populate_physmap, list, 1, 9),
			 0);
}

static void what_is_given_back_counts_until_nothing_refers_to_it(void **state)
{
	struct machine *m = *state;
	uint64_t frame = dom_frame(DATA_FRAME).v; /* the space maps it */
	uint64_t pages = m->dom.nr_pages;
	const uint64_t read_only = entry_at(dom_frame(L1_FRAME), 100);
	uint64_t where = 0;

	m->dom.max_pages = pages;
	assert_int_equal(call_mmu_update(m, read_only,
					 pte_make(mfn(frame), RO_FLAGS).v),
			 0);
	assert_int_equal(reservation(m, XENMEM_decrease_reservation, &frame, 1,
				     0),
			 1);
	assert_int_equal(m->dom.nr_pages, pages);
	assert_int_equal(reservation(m, XENMEM_populate_physmap, &where, 1, 0),
			 0);
	/* Given back again, it is not given back twice. */
	assert_int_equal(reservation(m, XENMEM_decrease_reservation, &frame, 1,
				     0),
			 1);
	assert_int_equal(m->dom.nr_pages, pages);
	assert_int_equal(call_mmu_update(m, entry_at(dom_frame(L1_FRAME), 0),
					 0),
			 0);
	assert_int_equal(m->frames[frame].owner, TEST_TAG);
	assert_int_equal(call_mmu_update(m, read_only, 0), 0);
	assert_int_equal(m->frames[frame].owner, OWNER_FREE);
	assert_int_equal(m->dom.nr_pages, pages - 1);
	assert_int_equal(reservation(m, XENMEM_populate_physmap, &where, 1, 0),
			 1);
	assert_int_equal(m->dom.nr_pages, pages);
}

static void an_exchange_is_all_or_nothing(void **state)
{
	struct machine *m = *state;
	struct xen_memory_exchange e = {
		.in = {.nr_extents = 4, .domid = DOMID_SELF},
		.out = {.nr_extents = 1,
			.extent_order = 2,
			.domid = DOMID_SELF},
	};
	uint64_t in[4] = {dom_frame(60).v, dom_frame(61).v, dom_frame(62).v,
			  dom_frame(60).v};
	uint64_t at = 60;
	uint64_t pages = m->dom.nr_pages;

	set_xen_guest_handle(e.in.extent_start, (void *)(uintptr_t)AT(512));
	set_xen_guest_handle(e.out.extent_start, (void *)(uintptr_t)AT(1024));
	memcpy(m->guest, &e, sizeof(e));
	memcpy(m->guest + 512, in, sizeof(in));
	memcpy(m->guest + 1024, &at, sizeof(at));
	/* one frame twice */
	assert_int_equal(machine_call(m, hc_memory_op, XENMEM_exchange, AT(0),
				      0, 0),
			 -XEN_EINVAL);
	assert_int_equal(m->frames[in[0]].count, 1);
	/* one that is mapped */
	in[3] = dom_frame(DATA_FRAME).v;
	memcpy(m->guest + 512, in, sizeof(in));
	assert_int_equal(machine_call(m, hc_memory_op, XENMEM_exchange, AT(0),
				      0, 0),
			 -XEN_EINVAL);
	in[3] = dom_frame(63).v;
	memcpy(m->guest + 512, in, sizeof(in));
	assert_int_equal(machine_call(m, hc_memory_op, XENMEM_exchange, AT(0),
				      0, 0),
			 0);
	memcpy(&at, m->guest + 1024, sizeof(at));
	assert_int_equal(m->m2p[at + 3], 63);
	assert_int_equal(m->frames[in[0]].owner, OWNER_FREE);
	assert_int_equal(m->dom.nr_pages, pages);
}

static void a_domain_that_dies_leaves_nothing(void **state)
{
	struct machine *m = *state;
	uint64_t frame = dom_frame(20).v;

	raw_space(m, 24, 50);
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE, dom_frame(24).v,
				     0),
			 0);
	memcpy(m->guest, &frame, sizeof(frame));
	assert_int_equal(machine_call(m, hc_set_gdt, AT(0), 16, 0, 0), 0);
	assert_int_equal(call_mmuext(m, MMUEXT_NEW_USER_BASEPTR,
				     dom_frame(24).v, 0),
			 0);
	m->preempt_after = 2;
	machine_stop(m);
	while (mmu_domain_destroy(&m->dom) != 0) {
	}
	machine_check(m);
	assert_int_equal(m->dom.nr_pages, 0);
	assert_int_equal(m->mmu.nr_free, DOM_FRAMES + POOL_FRAMES);
	assert_int_equal(m->frames[SHARED_FRAME].owner, OWNER_XEN);
}

static void a_list_in_the_hole_is_none_however_short(void **state)
{
	static int64_t (*const call[])(struct mmu_vcpu *, uint64_t[6]) = {
		hc_mmu_update,
		hc_mmuext_op,
		hc_multicall,
	};
	struct machine *m = *state;

	for (size_t i = 0; i < sizeof(call) / sizeof(call[0]); i++) {
		assert_int_equal(machine_call(m, call[i],
					      UINT64_C(0xffff800000000000), 0,
					      0, DOMID_SELF),
				 -XEN_EFAULT);
		assert_int_equal(machine_call(m, call[i],
					      UINT64_C(0xffff880000000000), 0,
					      0, DOMID_SELF),
				 0);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, space_set_up, machine_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_batch_stops_at_the_first_refusal),
		T(an_interrupted_batch_counts_all_it_did),
		T(a_batch_is_done_as_far_as_it_can_be_read),
		T(a_group_may_name_frames_that_there_are_not),
		T(bad_pointers_change_nothing),
		T(other_domains_are_refused),
		T(a_multicall_writes_each_result),
		T(a_list_that_was_stopped_is_read_where_it_was),
		T(preserving_keeps_the_cpus_bits),
		T(machphys_updates_need_the_frame),
		T(a_direct_write_is_judged_as_an_update),
		T(a_direct_write_elsewhere_is_an_ordinary_fault),
		T(descriptors_are_checked_and_fixed),
		T(a_page_refused_as_descriptors_can_be_mended),
		T(ldt_pages_come_on_demand_and_go_with_their_mapping),
		T(memory_goes_and_comes_back),
		T(what_is_given_back_counts_until_nothing_refers_to_it),
		T(an_exchange_is_all_or_nothing),
		T(a_list_in_the_hole_is_none_however_short),
		T(a_domain_that_dies_leaves_nothing),
	};

	return cmocka_run_group_tests_name("engine requests", tests, NULL,
					   NULL);
}
