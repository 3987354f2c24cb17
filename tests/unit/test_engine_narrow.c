/* SPDX-License-Identifier: MIT */
/*
 * The requests of a 32-bit guest: words of four bytes in what they point to,
 * arguments of 64 bits in two registers, descriptors for ring 1. The frames of
 * each request are told to the engine in 32-bit words and lie between others,
 * so that a structure read in the other form asks for something else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/request/form.h"
#include "tests/unit/support/machine.h"

#define AT(offset) (GUEST_BUFFER + (offset))
#define SLOT 100
#define PAGE 60
#define LIST 2048

static int narrow_set_up(void **state)
{
	int rc = pae_set_up(state);
	struct machine *m = *state;

	mmu_domain_32(&m->dom);
	return rc;
}

#define PUT(m, offset, ...)                                            \
	do {                                                           \
		const uint32_t put[] = {__VA_ARGS__};                  \
		memcpy((m)->guest + (offset), put, sizeof(put));       \
		/* What follows is no part of it. */                   \
		memset((m)->guest + (offset) + sizeof(put), 0xa5, 64); \
	} while (0)

static uint32_t word_of(const struct machine *m, unsigned int offset)
{
	uint32_t v;

	memcpy(&v, m->guest + offset, sizeof(v));
	return v;
}

static uint32_t frame_no(unsigned int n)
{
	return (uint32_t)dom_frame(n).v;
}

#define LOW(v) ((uint32_t)(v))
#define HIGH(v) ((uint32_t)((v) >> 32))

/* --- forms ---------------------------------------------------------------- */

static void a_structure_is_the_same_in_both_forms(void **state)
{
	static const struct form f = {
		.wide = 40,
		.narrow = 24,
		.words = 1 << 0 | 1 << 3 | 1 << 5,
	};
	const uint32_t narrow[] = {1, 2, 3, 4, 5, 6};
	/* Words are aligned; what is none is not. */
	const uint32_t wide[] = {1, 0, 2, 3, 4, 0, 5, 0, 6, 0};
	uint32_t there[10];
	uint32_t back[6];

	(void)state;
	memset(there, 0xff, sizeof(there));
	form_widen(&f, there, narrow);
	assert_memory_equal(there, wide, sizeof(wide));
	form_narrow(&f, back, there);
	assert_memory_equal(back, narrow, sizeof(narrow));
}

/* --- lists ---------------------------------------------------------------- */

static void operations_follow_each_other_by_twelve_bytes(void **state)
{
	struct machine *m = *state;

	memset(frame_data(&m->mmu, dom_frame(PAGE)), 1, PAGE_SIZE);
	PUT(m, 0, MMUEXT_CLEAR_PAGE, frame_no(PAGE), 0, MMUEXT_COPY_PAGE,
	    frame_no(PAGE + 1), frame_no(PAGE), MMUEXT_PIN_L4_TABLE, 0, 0);
	memset(frame_data(&m->mmu, dom_frame(PAGE + 1)), 1, PAGE_SIZE);
	assert_int_equal(machine_call(m, hc_mmuext_op, AT(0), 3, AT(LIST),
				      DOMID_SELF),
			 0);
	assert_int_equal(word_of(m, LIST), 3);
	assert_int_equal(*(uint64_t *)frame_data(&m->mmu, dom_frame(PAGE)), 0);
	assert_int_equal(*(uint64_t *)frame_data(&m->mmu, dom_frame(PAGE + 1)),
			 0);
	/* The third of them is refused, if it is none. */
	PUT(m, 24, 99, 0, 0);
	assert_int_equal(machine_call(m, hc_mmuext_op, AT(0), 3, AT(LIST),
				      DOMID_SELF),
			 -XEN_ENOSYS);
	assert_int_equal(word_of(m, LIST), 2);
}

static void an_interrupted_list_goes_on_where_it_was(void **state)
{
	struct machine *m = *state;

	for (unsigned int i = 0; i < 8; i++) {
		PUT(m, i * 12, MMUEXT_CLEAR_PAGE, frame_no(PAGE + i), 0);
		memset(frame_data(&m->mmu, dom_frame(PAGE + i)), 1, PAGE_SIZE);
	}
	m->preempt_after = 2;
	assert_int_equal(machine_call(m, hc_mmuext_op, AT(0), 8, AT(LIST),
				      DOMID_SELF),
			 0);
	assert_true(m->restarts > 0);
	assert_int_equal(word_of(m, LIST), 8);
	for (unsigned int i = 0; i < 8; i++) {
		assert_int_equal(*(uint64_t *)frame_data(&m->mmu,
							 dom_frame(PAGE + i)),
				 0);
	}
}

static void a_structure_over_the_guests_end_is_none(void **state)
{
	struct machine *m = *state;

	assert_int_equal(machine_call(m, hc_mmuext_op, XEN_COMPAT_START - 4, 1,
				      0, DOMID_SELF),
			 -XEN_EFAULT);
	assert_int_equal(machine_call(m, hc_multicall, XEN_COMPAT_START - 4, 1,
				      0, 0),
			 -XEN_EFAULT);
	assert_int_equal(machine_call(m, hc_memory_op, XENMEM_memory_map,
				      UINT32_MAX - 3, 0, 0),
			 -XEN_EFAULT);
	PUT(m, 0, MMUEXT_SET_LDT, (uint32_t)XEN_COMPAT_START, 1);
	assert_int_equal(machine_call(m, hc_mmuext_op, AT(0), 1, 0, DOMID_SELF),
			 -XEN_EINVAL);
	PUT(m, 0, MMUEXT_SET_LDT, (uint32_t)XEN_COMPAT_START - PAGE_SIZE, 1);
	assert_int_equal(machine_call(m, hc_mmuext_op, AT(0), 1, 0, DOMID_SELF),
			 0);
}

/* --- arguments of 64 bits ------------------------------------------------- */

static int64_t call5(struct machine *m, hypercall_fn *fn, uint32_t a,
		     uint32_t b, uint32_t c, uint32_t d, uint32_t e)
{
	uint64_t arg[6] = {a, b, c, d, e};
	int64_t rc;

	do {
		rc = fn(&m->vcpu, arg);
		machine_check(m);
	} while (rc == -XEN_ERESTART);
	return rc;
}

static void an_entry_comes_in_two_registers(void **state)
{
	struct machine *m = *state;
	const pte_t e = pte_make(dom_frame(PAGE), RW_FLAGS | PTE_NX);
	const uint32_t va = SLOT << PAGE_SHIFT;
	hypercall_fn *fn = engine_hypercall_32(__HYPERVISOR_update_va_mapping);

	assert_int_equal(call5(m, fn, va, LOW(e.v), HIGH(e.v), UVMF_NONE, 0),
			 0);
	assert_int_equal(entry_of(m, dom_frame(L1_FRAME), SLOT).v, e.v);
	/* The flags come after them. */
	assert_int_equal(call5(m, fn, va, 0, 0, UVMF_INVLPG | 8, 0),
			 -XEN_EINVAL);
	assert_int_equal(m->dom.refusal.rule, RULE_VCPU_MASK);
	assert_int_equal(entry_of(m, dom_frame(L1_FRAME), SLOT).v, 0);
	fn = engine_hypercall_32(__HYPERVISOR_update_va_mapping_otherdomain);
	assert_int_equal(call5(m, fn, va, LOW(e.v), HIGH(e.v), UVMF_NONE,
			       DOMID_SELF),
			 0);
	assert_int_equal(entry_of(m, dom_frame(L1_FRAME), SLOT).v, e.v);
	assert_int_equal(call5(m, fn, va, 0, 0, UVMF_NONE, 77), -XEN_ESRCH);
	assert_ptr_equal(engine_hypercall_32(__HYPERVISOR_mmu_update),
			 hc_mmu_update);
	assert_null(engine_hypercall_32(__HYPERVISOR_sched_op));
	assert_null(engine_hypercall_32(UINT32_MAX));
}

/* --- multicall ------------------------------------------------------------ */

static void calls_follow_each_other_by_32_bytes(void **state)
{
	struct machine *m = *state;
	const pte_t e = pte_make(dom_frame(PAGE), RW_FLAGS | PTE_NX);

	PUT(m, 0, __HYPERVISOR_update_va_mapping, 1, SLOT << PAGE_SHIFT,
	    LOW(e.v), HIGH(e.v), UVMF_NONE, 0, 0,
	    /* A second one, of no such entry: its result says so. */
	    __HYPERVISOR_update_va_mapping, 1, 0x40000000, LOW(e.v), HIGH(e.v),
	    UVMF_NONE, 0, 0);
	assert_int_equal(machine_call(m, hc_multicall, AT(0), 2, 0, 0), 0);
	assert_int_equal(entry_of(m, dom_frame(L1_FRAME), SLOT).v, e.v);
	assert_int_equal(word_of(m, 4), 0);
	assert_int_equal((int32_t)word_of(m, 36), -XEN_EINVAL);
	assert_int_equal(word_of(m, 64), 0xa5a5a5a5);
}

static void a_call_that_stops_is_written_back(void **state)
{
	struct machine *m = *state;

	for (unsigned int i = 0; i < 8; i++) {
		PUT(m, LIST + i * 12, MMUEXT_CLEAR_PAGE, frame_no(PAGE + i), 0);
		memset(frame_data(&m->mmu, dom_frame(PAGE + i)), 1, PAGE_SIZE);
	}
	PUT(m, 0, __HYPERVISOR_mmuext_op, 1, (uint32_t)AT(LIST), 8,
	    (uint32_t)AT(1024), DOMID_SELF, 0, 0);
	m->preempt_after = 3;
	assert_int_equal(machine_call(m, hc_multicall, AT(0), 1, 0, 0), 0);
	assert_true(m->restarts > 0);
	assert_int_equal(word_of(m, 4), 0);
	assert_int_equal(word_of(m, 1024), 8);
	/* Its arguments have moved on, within its own 32 bytes. */
	assert_true(word_of(m, 8) > AT(LIST));
	assert_int_equal(word_of(m, 32), 0xa5a5a5a5);
	assert_int_equal(*(uint64_t *)frame_data(&m->mmu, dom_frame(PAGE + 7)),
			 0);
}

/* --- memory_op ------------------------------------------------------------ */

static void pages_go_and_come_by_words(void **state)
{
	struct machine *m = *state;

	PUT(m, LIST, frame_no(PAGE), frame_no(PAGE + 1));
	PUT(m, 0, (uint32_t)AT(LIST), 2, 0, 0, DOMID_SELF);
	assert_int_equal(machine_call(m, hc_memory_op,
				      XENMEM_decrease_reservation, AT(0), 0, 0),
			 2);
	assert_int_equal(m->dom.nr_pages, DOM_FRAMES - 2);
	PUT(m, LIST, 7000, 7001);
	assert_int_equal(machine_call(m, hc_memory_op, XENMEM_populate_physmap,
				      AT(0), 0, 0),
			 2);
	assert_int_equal(m->dom.nr_pages, DOM_FRAMES);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(m->mmu.m2p[word_of(m, LIST + 4 * i)],
				 7000 + i);
	}
	assert_int_equal(word_of(m, LIST + 8), 0xa5a5a5a5);
}

static void an_exchange_tells_by_words(void **state)
{
	struct machine *m = *state;
	uint32_t got;

	PUT(m, LIST, frame_no(PAGE));
	PUT(m, LIST + 512, 7002);
	PUT(m, 0, (uint32_t)AT(LIST), 1, 0, 0, DOMID_SELF,
	    (uint32_t)AT(LIST + 512), 1, 0, 0, DOMID_SELF, 0);
	assert_int_equal(machine_call(m, hc_memory_op, XENMEM_exchange, AT(0),
				      0, 0),
			 0);
	assert_int_equal(word_of(m, 40), 1); /* nr_exchanged */
	assert_int_equal(word_of(m, 44), 0xa5a5a5a5);
	got = word_of(m, LIST + 512);
	assert_int_not_equal(got, 7002);
	assert_int_equal(m->mmu.m2p[got], 7002);
	assert_int_equal(word_of(m, LIST + 516), 0xa5a5a5a5);
}

static void what_is_told_of_memory_is_told_by_words(void **state)
{
	struct machine *m = *state;
	uint32_t m2p32[4] = {0};
	struct mmu_map_entry e;

	m->dom.nr_pfns = DOM_FRAMES;
	PUT(m, 0, 5, (uint32_t)AT(LIST));
	assert_int_equal(machine_call(m, hc_memory_op, XENMEM_memory_map, AT(0),
				      0, 0),
			 0);
	assert_int_equal(word_of(m, 0), 1);
	assert_int_equal(word_of(m, 8), 0xa5a5a5a5);
	memcpy(&e, m->guest + LIST, sizeof(e));
	assert_int_equal(e.size, (uint64_t)DOM_FRAMES << PAGE_SHIFT);

	PUT(m, 0, 0);
	assert_int_equal(machine_call(m, hc_memory_op, XENMEM_machphys_mapping,
				      AT(0), 0, 0),
			 0);
	assert_int_equal(word_of(m, 0), XEN_COMPAT_START);
	assert_int_equal(word_of(m, 4), XEN_COMPAT_M2P_END);
	assert_int_equal(word_of(m, 8), m->mmu.nr_frames - 1);
	assert_int_equal(word_of(m, 12), 0xa5a5a5a5);

	/* The list is of the table that it can see. */
	m->mmu.m2p32 = m2p32;
	PUT(m, 0, 4, (uint32_t)AT(LIST), 0);
	assert_int_equal(machine_call(m, hc_memory_op, XENMEM_machphys_mfn_list,
				      AT(0), 0, 0),
			 0);
	m->mmu.m2p32 = NULL;
	assert_int_equal(word_of(m, 8), 1);
	assert_int_equal(word_of(m, LIST),
			 (uint32_t)(((uint64_t)(uintptr_t)m2p32 -
				     (uint64_t)(uintptr_t)m->mmu.ram) >>
				    PAGE_SHIFT));

	PUT(m, 0, DOMID_SELF, XENMAPSPACE_shared_info, 0, 0);
	assert_int_equal(machine_call(m, hc_memory_op, XENMEM_add_to_physmap,
				      AT(0), 0, 0),
			 -XEN_EACCES);
	assert_int_equal(m->dom.refusal.rule, RULE_PHYSMAP);
}

static void the_second_m2p_says_what_the_first_does(void **state)
{
	struct machine *m = *state;
	uint32_t m2p32[MACHINE_FRAMES];

	memset(m2p32, 0xff, sizeof(m2p32));
	m->mmu.m2p32 = m2p32;
	assert_int_equal(call_mmu_update(m,
					 mfn_to_maddr(dom_frame(PAGE)).v |
						 MMU_MACHPHYS_UPDATE,
					 UINT64_C(0x123456789)),
			 0);
	assert_int_equal(m2p32[dom_frame(PAGE).v], 0x23456789);
	PUT(m, LIST, frame_no(PAGE));
	PUT(m, 0, (uint32_t)AT(LIST), 1, 0, 0, DOMID_SELF);
	assert_int_equal(machine_call(m, hc_memory_op,
				      XENMEM_decrease_reservation, AT(0), 0, 0),
			 1);
	assert_int_equal(m2p32[dom_frame(PAGE).v], UINT32_MAX);
	PUT(m, LIST, 7000);
	assert_int_equal(machine_call(m, hc_memory_op, XENMEM_populate_physmap,
				      AT(0), 0, 0),
			 1);
	assert_int_equal(m2p32[word_of(m, LIST)], 7000);
	m->mmu.m2p32 = NULL;
}

/* --- descriptors ---------------------------------------------------------- */

#define CODE(dpl) \
	(UINT64_C(0x00cf9b000000ffff) | (uint64_t)(dpl) << 45) /* flat */
#define GATE UINT64_C(0x00008c0000080000)

static int64_t describe(struct machine *m, unsigned int i, uint64_t desc)
{
	const uint64_t where = entry_at(dom_frame(PAGE), i);

	return call5(m, hc_update_descriptor_32, LOW(where), HIGH(where),
		     LOW(desc), HIGH(desc), 0);
}

static void segments_are_of_ring_1_at_least(void **state)
{
	struct machine *m = *state;
	const uint64_t *desc = frame_data(&m->mmu, dom_frame(PAGE));

	for (unsigned int dpl = 0; dpl < 4; dpl++) {
		assert_int_equal(describe(m, dpl, CODE(dpl)), 0);
		assert_int_equal(desc[dpl], CODE(dpl == 0 ? 1 : dpl));
	}
	/* A conforming one is as others are; it raises nobody. */
	assert_int_equal(describe(m, 4, CODE(0) | UINT64_C(4) << 40), 0);
	assert_int_equal(desc[4], CODE(1) | UINT64_C(4) << 40);
}

/* From 64-bit code all of the hypervisor's addresses can be named. */
static void no_segment_is_of_64_bit_code(void **state)
{
	struct machine *m = *state;
	const uint64_t l = UINT64_C(1) << 53;
	const uint64_t d = UINT64_C(1) << 54;

	assert_int_equal(describe(m, 0, (CODE(3) & ~d) | l), -XEN_EINVAL);
	assert_int_equal(describe(m, 0, CODE(1) | l), -XEN_EINVAL);
	assert_int_equal(m->dom.refusal.rule, RULE_DESCRIPTOR);
	/* What is not there cannot be loaded. */
	assert_int_equal(describe(m, 0, (CODE(3) & ~(UINT64_C(1) << 47)) | l),
			 0);
}

static void a_flat_segment_sees_the_whole_m2p(void **state)
{
	struct machine *m = *state;
	const uint64_t *desc = frame_data(&m->mmu, dom_frame(PAGE));
	/* As kernels made them that knew a small M2P: to 0xf67fffff. */
	const uint64_t old =
		UINT64_C(0x00cfb300000067ff) & ~(UINT64_C(8) << 48);
	const uint64_t old_32 = UINT64_C(0x00cfb300000067ff);
	/* To the page before the hypervisor's range. */
	const uint64_t below = UINT64_C(0x00cfb300000057ff);

	assert_int_equal(describe(m, 0, old_32), 0);
	assert_int_equal(desc[0], UINT64_C(0x00cfb3000000ffff));
	assert_int_equal(describe(m, 1, below), 0);
	assert_int_equal(desc[1], below);
	assert_int_equal(describe(m, 2, old), 0);
	assert_int_equal(desc[2], old);
	/* One with a base is left as it is. */
	assert_int_equal(describe(m, 3, old_32 | UINT64_C(1) << 16), 0);
	assert_int_equal(desc[3], old_32 | UINT64_C(1) << 16);
}

static void a_call_gate_traps(void **state)
{
	struct machine *m = *state;
	const uint64_t *desc = frame_data(&m->mmu, dom_frame(PAGE));

	assert_int_equal(describe(m, 0, GATE), 0);
	assert_int_equal(desc[0] >> 45 & 3, 0);
	assert_int_equal(desc[0] >> 16 & 3, 1); /* remembered there */
	assert_int_equal(describe(m, 0, GATE | UINT64_C(3) << 45), 0);
	assert_int_equal(desc[0] >> 45 & 3, 0);
	assert_int_equal(desc[0] >> 16 & 3, 3);
	assert_int_equal(describe(m, 0, GATE | UINT64_C(0x1f) << 32), 0);
	for (unsigned int bit = 37; bit < 40; bit++) {
		assert_int_equal(describe(m, 0, GATE | UINT64_C(1) << bit),
				 -XEN_EINVAL);
	}
	/* TSS, LDT, task gate, interrupt and trap gates, of 16 and 32 bits. */
	for (unsigned int type = 1; type < 16; type++) {
		assert_int_equal(describe(m, 0,
					  (GATE & ~(UINT64_C(15) << 40)) |
						  (uint64_t)type << 40),
				 type == 12 ? 0 : -XEN_EINVAL);
	}
}

static void a_gdt_is_a_list_of_words(void **state)
{
	struct machine *m = *state;

	PUT(m, 0, frame_no(PAGE), frame_no(PAGE + 1));
	assert_int_equal(machine_call(m, hc_set_gdt, AT(0), 1024, 0, 0), 0);
	assert_int_equal(pte_mfn(m->cpu[CPU_FIRST].window[0]).v,
			 frame_no(PAGE));
	assert_int_equal(pte_mfn(m->cpu[CPU_FIRST].window[1]).v,
			 frame_no(PAGE + 1));
	/* Its second word cannot be read. */
	PUT(m, GUEST_BUFFER_SIZE - 4 - 64, 0);
	memcpy(m->guest + GUEST_BUFFER_SIZE - 4, &(uint32_t){frame_no(PAGE)},
	       4);
	assert_int_equal(machine_call(m, hc_set_gdt, AT(GUEST_BUFFER_SIZE - 4),
				      1024, 0, 0),
			 -XEN_EFAULT);
	assert_int_equal(machine_call(m, hc_set_gdt, AT(GUEST_BUFFER_SIZE - 4),
				      512, 0, 0),
			 0);
}

#define T(name) \
	cmocka_unit_test_setup_teardown(name, narrow_set_up, machine_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_structure_is_the_same_in_both_forms),
		T(operations_follow_each_other_by_twelve_bytes),
		T(an_interrupted_list_goes_on_where_it_was),
		T(a_structure_over_the_guests_end_is_none),
		T(an_entry_comes_in_two_registers),
		T(calls_follow_each_other_by_32_bytes),
		T(a_call_that_stops_is_written_back),
		T(pages_go_and_come_by_words),
		T(an_exchange_tells_by_words),
		T(what_is_told_of_memory_is_told_by_words),
		T(the_second_m2p_says_what_the_first_does),
		T(segments_are_of_ring_1_at_least),
		T(no_segment_is_of_64_bit_code),
		T(a_flat_segment_sees_the_whole_m2p),
		T(a_call_gate_traps),
		T(a_gdt_is_a_list_of_words),
	};

	return cmocka_run_group_tests_name("engine narrow", tests, NULL, NULL);
}
