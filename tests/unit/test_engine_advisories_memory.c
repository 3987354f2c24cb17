/* SPDX-License-Identifier: MIT */
/*
 * Advisories about memory: whose frames are, how they come and go, and the
 * numbers and pointers in requests. As in test_engine_advisories.c, each test
 * is named after the Xen Security Advisory that it comes from.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support/machine.h"

#define FREE_VA (40 * PAGE_SIZE)
#define SPARE 20
/* In the guest's buffer. */
#define IN_LIST (GUEST_BUFFER + 512)
#define OUT_LIST (GUEST_BUFFER + 1024)

static void put_list(struct machine *m, uint64_t where, uint64_t value)
{
	memcpy(m->guest + (where - GUEST_BUFFER), &value, sizeof(value));
}

static uint64_t get_list(struct machine *m, uint64_t where)
{
	uint64_t value;

	memcpy(&value, m->guest + (where - GUEST_BUFFER), sizeof(value));
	return value;
}

static struct xen_memory_reservation reservation_of(uint64_t list)
{
	struct xen_memory_reservation r = {.nr_extents = 1,
					   .domid = DOMID_SELF};

	set_xen_guest_handle(r.extent_start, (void *)(uintptr_t)list);
	return r;
}

static int64_t memory(struct machine *m, unsigned int op,
		      struct xen_memory_reservation r)
{
	memcpy(m->guest, &r, sizeof(r));
	return machine_call(m, hc_memory_op, op, GUEST_BUFFER, 0, 0);
}

static struct xen_memory_exchange exchange_of(uint64_t in, uint64_t out)
{
	return (struct xen_memory_exchange){
		.in = reservation_of(in),
		.out = reservation_of(out),
	};
}

static int64_t exchange(struct machine *m, struct xen_memory_exchange e)
{
	memcpy(m->guest, &e, sizeof(e));
	return machine_call(m, hc_memory_op, XENMEM_exchange, GUEST_BUFFER, 0,
			    0);
}

/*
 * 29, 212: an exchange reads and writes where the lists lie, and nowhere
 * else: lists that do not, and counts that carry them round the end of memory,
 * are a fault or done in part, and no page has gone.
 */
static void xsa_212_an_exchanges_lists_are_checked(void **state)
{
	static const uint64_t bad[] = {0,
				       UINT64_C(0xffff830000000000),
				       UINT64_C(0x0000900000000000),
				       ~UINT64_C(7),
				       GUEST_BUFFER - 8,
				       GUEST_BUFFER + GUEST_BUFFER_SIZE};
	struct machine *m = *state;
	uint64_t pages = m->dom.nr_pages;
	uint64_t f = dom_frame(60).v;

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put_list(m, IN_LIST, f);
		assert_int_equal(exchange(m, exchange_of(IN_LIST, bad[i])),
				 -XEN_EFAULT);
		assert_int_equal(exchange(m, exchange_of(bad[i], OUT_LIST)),
				 -XEN_EFAULT);
		assert_int_equal(m->frames[f].owner, TEST_TAG);
		assert_int_equal(m->frames[f].count, 1);
		assert_int_equal(m->dom.nr_pages, pages);
	}
}

/* 212: nr_exchanged says where in the lists to go on, and is the guest's. */
static void xsa_212_the_start_of_an_exchange_is_the_guests(void **state)
{
	struct machine *m = *state;
	uint64_t f = dom_frame(60).v;
	struct xen_memory_exchange e =
		exchange_of(IN_LIST - (UINT64_C(1) << 63),
			    OUT_LIST - (UINT64_C(1) << 63));

	put_list(m, IN_LIST, f);
	/* The 2^60th entry of a list that begins 2^63 bytes before. */
	e.nr_exchanged = UINT64_C(1) << 60;
	e.in.nr_extents = e.nr_exchanged + 1;
	e.out.nr_extents = e.in.nr_extents;
	assert_int_equal(exchange(m, e), 0);
	assert_int_not_equal(get_list(m, OUT_LIST), f);
	e.nr_exchanged = e.in.nr_extents + 1;
	assert_int_equal(exchange(m, e), -XEN_EINVAL);
	assert_int_equal(m->dom.refusal.rule, RULE_EXCHANGE_ARGUMENT);
}

/* 231: a node that does not exist, or that is not for this domain to choose. */
static void xsa_231_the_node_is_not_for_the_guest(void **state)
{
	static const unsigned int ops[] = {XENMEM_increase_reservation,
					   XENMEM_populate_physmap,
					   XENMEM_decrease_reservation};
	struct machine *m = *state;
	uint64_t pages = m->dom.nr_pages;
	uint64_t f = dom_frame(60).v;
	struct xen_memory_exchange e = exchange_of(IN_LIST, OUT_LIST);

	for (unsigned int node = 0; node < 255; node++) {
		for (unsigned int i = 0; i < 3; i++) {
			struct xen_memory_reservation r =
				reservation_of(IN_LIST);

			put_list(m, IN_LIST, f);
			r.mem_flags = XENMEMF_exact_node(node);
			assert_int_equal(memory(m, ops[i], r), 0);
			assert_int_equal(m->dom.nr_pages, pages);
		}
		e.out.mem_flags = XENMEMF_exact_node(node);
		assert_int_equal(exchange(m, e), -XEN_EINVAL);
	}
	/* As a wish it is heard, and means nothing. */
	e.out.mem_flags = XENMEMF_node(200);
	assert_int_equal(exchange(m, e), 0);
}

/* Every way of naming a frame in a request; true if one was not refused. */
static bool any_use(struct machine *m, mfn_t f)
{
	static const unsigned int cmds[] = {
		MMUEXT_PIN_L1_TABLE,     MMUEXT_PIN_L2_TABLE,
		MMUEXT_PIN_L3_TABLE,     MMUEXT_PIN_L4_TABLE,
		MMUEXT_UNPIN_TABLE,      MMUEXT_NEW_BASEPTR,
		MMUEXT_CLEAR_PAGE,       MMUEXT_COPY_PAGE,
		MMUEXT_NEW_USER_BASEPTR,
	};
	uint64_t own = dom_frame(30).v;
	bool used = false;

	for (unsigned int i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++) {
		/* 0 takes the user root away. */
		used |= (f.v != 0 || cmds[i] != MMUEXT_NEW_USER_BASEPTR) &&
			call_mmuext(m, cmds[i], f.v, own) == 0;
	}
	used |= call_mmuext(m, MMUEXT_COPY_PAGE, own, f.v) == 0;
	used |= call_va_mapping(m, FREE_VA, pte_make(f, RO_FLAGS).v, 0) == 0;
	used |= call_va_mapping(m, FREE_VA, pte_make(f, RW_FLAGS).v, 0) == 0;
	used |= call_mmu_update(m, entry_at(f, 3), 0) == 0;
	used |= call_mmu_update(m, entry_at(f, 3) | MMU_MACHPHYS_UPDATE, 0) ==
		0;
	for (unsigned int level = 2; level <= 4; level++) {
		mfn_t table = dom_frame(4 - level);

		used |= call_mmu_update(m, entry_at(table, 100),
					pte_make(f, TABLE_FLAGS).v) == 0;
		used |= call_mmu_update(m, entry_at(table, 100),
					pte_make(f, RO_FLAGS).v) == 0;
	}
	used |= machine_call(m, hc_update_descriptor, entry_at(f, 0), 0, 0,
			     0) == 0;
	put_list(m, IN_LIST, f.v);
	used |= machine_call(m, hc_set_gdt, IN_LIST, 1, 0, 0) == 0;
	used |= memory(m, XENMEM_decrease_reservation,
		       reservation_of(IN_LIST)) == 1;
	put_list(m, IN_LIST, f.v);
	used |= exchange(m, exchange_of(IN_LIST, OUT_LIST)) == 0;
	return used;
}

/*
 * 248: frames that the hypervisor keeps for itself are not the domain's, nor
 * are free ones or those beyond memory: no request gets hold of one.
 */
static void xsa_248_no_use_of_anybody_elses_frames(void **state)
{
	struct machine *m = *state;
	struct frame before;

	for (uint64_t i = 0; i < MACHINE_FRAMES + 4; i++) {
		if (i < MACHINE_FRAMES && m->frames[i].owner == TEST_TAG) {
			continue;
		}
		if (i < MACHINE_FRAMES) {
			before = m->frames[i];
		}
		assert_false(any_use(m, mfn(i)));
		if (i < MACHINE_FRAMES) {
			assert_memory_equal(&before, &m->frames[i],
					    sizeof(before));
		}
	}
}

/*
 * 214: a page that was one of descriptors and is given away comes back as
 * nothing, and cleared.
 */
static void xsa_214_a_page_given_away_forgets_what_it_was(void **state)
{
	struct machine *m = *state;
	uint64_t f = dom_frame(SPARE).v;
	uint64_t got = 0;

	memset(frame_data(&m->mmu, mfn(f)), 0x11, PAGE_SIZE);
	put_list(m, IN_LIST, f);
	((uint64_t *)frame_data(&m->mmu, mfn(f)))[0] = 0;
	for (unsigned int i = 0; i < PAGE_SIZE / 8; i++) {
		((uint64_t *)frame_data(&m->mmu, mfn(f)))[i] = 0x1234;
	}
	assert_int_equal(machine_call(m, hc_set_gdt, IN_LIST, 8, 0, 0), 0);
	assert_int_equal(machine_call(m, hc_set_gdt, IN_LIST, 0, 0, 0), 0);
	assert_int_equal(m->frames[f].type, FRAME_DESC);
	assert_int_equal(exchange(m, exchange_of(IN_LIST, OUT_LIST)), 0);
	assert_int_equal(m->frames[f].owner, OWNER_FREE);
	/* All of the pool, until it turns up. */
	for (unsigned int i = 0; i < POOL_FRAMES && got != f; i++) {
		put_list(m, IN_LIST, 60);
		assert_int_equal(memory(m, XENMEM_populate_physmap,
					reservation_of(IN_LIST)),
				 1);
		got = get_list(m, IN_LIST);
	}
	assert_int_equal(got, f);
	assert_int_equal(m->frames[f].type, FRAME_NONE);
	assert_int_equal(m->frames[f].flags, FRAME_ALLOCATED);
	assert_int_equal(((uint64_t *)frame_data(&m->mmu, mfn(f)))[9], 0);
}

/* 287: a page that is given back has its owner until the last use is gone. */
static void xsa_287_a_page_in_use_keeps_its_owner(void **state)
{
	struct machine *m = *state;
	uint64_t f = dom_frame(DATA_FRAME).v; /* mapped at 0 */
	uint64_t pages = m->dom.nr_pages;

	for (unsigned int i = 0; i < 2; i++) {
		put_list(m, IN_LIST, f);
		assert_int_equal(memory(m, XENMEM_decrease_reservation,
					reservation_of(IN_LIST)),
				 1);
		assert_int_equal(m->dom.nr_pages, pages);
		assert_int_equal(m->frames[f].owner, TEST_TAG);
		assert_int_equal(m->frames[f].count, 1);
	}
	assert_int_equal(exchange(m, exchange_of(IN_LIST, OUT_LIST)),
			 -XEN_EINVAL);
	assert_int_equal(call_va_mapping(m, 0, 0, 0), 0);
	assert_int_equal(m->frames[f].owner, OWNER_FREE);
	assert_int_equal(m->dom.nr_pages, pages - 1);
}

/* 22: the M2P says what was done, not what was tried. */
static void xsa_22_the_m2p_changes_with_success_alone(void **state)
{
	struct machine *m = *state;
	uint64_t before[MACHINE_FRAMES];

	memcpy(before, m->m2p, sizeof(before));
	/* Read and then not written: the second of two copies fails. */
	for (unsigned int nth = 1; nth < 6; nth++) {
		m->copies = 0;
		m->copy_fail_after = nth;
		put_list(m, IN_LIST, 60);
		if (memory(m, XENMEM_populate_physmap,
			   reservation_of(IN_LIST)) == 1) {
			break;
		}
		assert_memory_equal(before, m->m2p, sizeof(before));
		assert_true(nth < 4);
	}
	m->copy_fail_after = 0;
}

/* 251: the M2P is the guest's to write, so whatever stands there is believed
 * by nobody. */
static void xsa_251_nothing_relies_on_the_m2p(void **state)
{
	static const uint64_t values[] = {~UINT64_C(0), ~UINT64_C(0) - 1,
					  UINT64_C(1) << 63, MACHINE_FRAMES};
	struct machine *m = *state;

	for (unsigned int i = 0; i < 4; i++) {
		uint64_t f = dom_frame(60 + i).v;

		assert_int_equal(call_mmu_update(m,
						 entry_at(mfn(f), 0) |
							 MMU_MACHPHYS_UPDATE,
						 values[i]),
				 0);
		assert_int_equal(call_va_mapping(m, FREE_VA,
						 pte_make(mfn(f), RW_FLAGS).v,
						 0),
				 0);
		assert_int_equal(call_va_mapping(m, FREE_VA, 0, 0), 0);
		put_list(m, IN_LIST, f);
		put_list(m, OUT_LIST, values[i]);
		assert_int_equal(exchange(m, exchange_of(IN_LIST, OUT_LIST)),
				 0);
		put_list(m, IN_LIST, get_list(m, OUT_LIST));
		assert_int_equal(memory(m, XENMEM_decrease_reservation,
					reservation_of(IN_LIST)),
				 1);
	}
}

/* 158, 385: orders and counts that are too large, or overflow as a product. */
static void xsa_385_sizes_that_overflow(void **state)
{
	static const unsigned int orders[] = {10, 31, 32, 52, 63, 64, ~0u};
	static const uint64_t counts[] = {1, UINT64_C(1) << 26,
					  UINT64_C(1) << 54, UINT64_C(1) << 63,
					  ~UINT64_C(0)};
	struct machine *m = *state;
	uint64_t pages = m->dom.nr_pages;

	put_list(m, IN_LIST, dom_frame(60).v);
	for (unsigned int i = 0; i < 35; i++) {
		struct xen_memory_reservation r = reservation_of(IN_LIST);
		struct xen_memory_exchange e = exchange_of(IN_LIST, OUT_LIST);

		r.extent_order = orders[i / 5];
		r.nr_extents = counts[i % 5];
		assert_int_equal(memory(m, XENMEM_populate_physmap, r), 0);
		assert_int_equal(memory(m, XENMEM_increase_reservation, r), 0);
		assert_int_equal(memory(m, XENMEM_decrease_reservation, r), 0);
		e.in.extent_order = r.extent_order;
		e.in.nr_extents = r.nr_extents;
		assert_true(exchange(m, e) < 0);
		e = exchange_of(IN_LIST, OUT_LIST);
		e.out.extent_order = r.extent_order;
		e.out.nr_extents = r.nr_extents;
		assert_true(exchange(m, e) < 0);
		assert_int_equal(m->dom.nr_pages, pages);
	}
	/* Two for one. */
	put_list(m, IN_LIST + 8, dom_frame(61).v);
	assert_int_equal(exchange(m,
				  (struct xen_memory_exchange){
					  .in = {.nr_extents = 2,
						 .domid = DOMID_SELF},
					  .out = {.nr_extents = 1,
						  .domid = DOMID_SELF}}),
			 -XEN_EINVAL);
	/* A product of 2^64 pages on one side is none on the other. */
	assert_true(exchange(m, (struct xen_memory_exchange){
					.in = {.nr_extents = UINT64_C(1) << 63,
					       .extent_order = 1,
					       .domid = DOMID_SELF},
					.out = {.domid = DOMID_SELF}}) < 0);
}

/* 159: an exchange for which there is no memory leaves both sides whole. */
static void xsa_159_an_exchange_without_memory(void **state)
{
	struct machine *m = *state;
	uint64_t f = dom_frame(60).v;
	uint64_t pages;

	while (m->mmu.nr_free > 0) {
		put_list(m, IN_LIST, 60);
		assert_int_equal(memory(m, XENMEM_populate_physmap,
					reservation_of(IN_LIST)),
				 1);
	}
	pages = m->dom.nr_pages;
	put_list(m, IN_LIST, f);
	assert_int_equal(exchange(m, exchange_of(IN_LIST, OUT_LIST)),
			 -XEN_ENOMEM);
	assert_int_equal(m->dom.nr_pages, pages);
	assert_int_equal(m->frames[f].owner, TEST_TAG);
	assert_int_equal(m->frames[f].count, 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, space_set_up, machine_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(xsa_212_an_exchanges_lists_are_checked),
		T(xsa_212_the_start_of_an_exchange_is_the_guests),
		T(xsa_231_the_node_is_not_for_the_guest),
		T(xsa_248_no_use_of_anybody_elses_frames),
		T(xsa_214_a_page_given_away_forgets_what_it_was),
		T(xsa_287_a_page_in_use_keeps_its_owner),
		T(xsa_22_the_m2p_changes_with_success_alone),
		T(xsa_251_nothing_relies_on_the_m2p),
		T(xsa_385_sizes_that_overflow),
		T(xsa_159_an_exchange_without_memory),
	};

	return cmocka_run_group_tests_name("advisories about memory", tests,
					   NULL, NULL);
}
