/* SPDX-License-Identifier: MIT */
/*
 * What a refusal says: to a program, to a reader, and in Xen's words.
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

static void a_clash_of_types_is_told_in_xens_words(void **state)
{
	struct machine *m = *state;

	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L1_TABLE,
				     dom_frame(DATA_FRAME).v, 0),
			 -XEN_EINVAL);
	assert_non_null(strstr(
		m->refusal,
		"Bad type (saw 7400000000000001 != exp 1000000000000000) "
		"for mfn 14 (pfn 4)"));
	assert_non_null(strstr(m->refusal, "mmuext_op pin_l1_table[0]"));
	assert_int_equal(m->dom.refusal.rule, RULE_BAD_TYPE);
}

/* The hypervisor's own pages have no pfn. */
static void a_frame_without_a_pfn_is_told_without_one(void **state)
{
	struct machine *m = *state;
	char text[300];

	(void)call_mmuext(m, MMUEXT_PIN_L1_TABLE, dom_frame(DATA_FRAME).v, 0);
	m->dom.refusal.pfn = PFN_INVALID;
	refusal_format(&m->dom.refusal, text, sizeof(text));
	assert_non_null(strstr(text, "for mfn 14: the frame"));
	assert_null(strstr(text, "pfn "));
}

static void a_refusal_never_overflows_its_buffer(void **state)
{
	struct machine *m = *state;
	char text[300];

	(void)call_mmuext(m, MMUEXT_PIN_L1_TABLE, dom_frame(4).v, 0);
	for (size_t size = 1; size < sizeof(text); size++) {
		memset(text, 'x', sizeof(text));
		assert_true(refusal_format(&m->dom.refusal, text, size) < size);
		assert_int_equal(text[strlen(text)], 0);
		assert_true(strlen(text) < size);
		assert_int_equal(text[size], 'x');
	}
}

/* Of a list: its entry; in a multicall: the arguments; else from registers. */
static void a_refusal_says_where_its_request_was_read(void **state)
{
	struct machine *m = *state;
	const mfn_t l2 = dom_frame(L2_FRAME);
	struct mmu_update u[2] = {
		{.ptr = entry_at(dom_frame(L1_FRAME), 40), .val = 0},
		{.ptr = entry_at(dom_frame(L1_FRAME), 41),
		 .val = pte_make(l2, RW_FLAGS).v},
	};
	struct multicall_entry e[2] = {
		{.op = __HYPERVISOR_mmu_update,
		 .args = {AT(1024), 2, 0, DOMID_SELF}},
		{.op = __HYPERVISOR_update_va_mapping,
		 .args = {0, pte_make(l2, RW_FLAGS).v, 0}},
	};

	memcpy(m->guest + 1024, u, sizeof(u));
	memcpy(m->guest, e, sizeof(e));
	(void)machine_call(m, hc_mmu_update, AT(1024), 2, 0, DOMID_SELF);
	assert_int_equal(m->dom.refusal.op.index, 1);
	assert_int_equal(m->dom.refusal.of, 2);
	assert_int_equal(m->dom.refusal.source, AT(1024) + sizeof(u[0]));
	(void)call_va_mapping(m, 0, e[1].args[1], 0);
	assert_int_equal(m->dom.refusal.source, 0);
	assert_int_equal(machine_call(m, hc_multicall, AT(0), 1, 0, 0), 0);
	assert_int_equal(m->dom.refusal.op.call, 1);
	assert_int_equal(m->dom.refusal.source, AT(1024) + sizeof(u[0]));
	assert_int_equal(machine_call(m, hc_multicall, AT(0), 2, 0, 0), 0);
	assert_int_equal(m->dom.refusal.op.call, 2);
	assert_int_equal(m->dom.refusal.source,
			 AT(sizeof(e[0]) +
			    offsetof(struct multicall_entry, args)));
}

/* As Xen does (docs/differences.md): each row was found by comparing. */
static void what_is_reported_with_a_refusal_is_xens(void **state)
{
	struct machine *m = *state;
	const struct {
		uint32_t domains;
		int64_t result;
		uint32_t done; /* 7: not written */
	} rows[] = {
		{DOMID_COW, -XEN_ESRCH, 0},
		{DOMID_SELF | (TEST_DOMID + 2) << 16, -XEN_ESRCH, 7},
		{DOMID_SELF | (TEST_DOMID + 1) << 16, 0, 1},
	};
	struct mmu_update u = {
		.ptr = entry_at(dom_frame(L1_FRAME), 40),
		.val = 0,
	};

	memcpy(m->guest, &u, sizeof(u));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t done = 7;

		memcpy(m->guest + 512, &done, sizeof(done));
		assert_int_equal(machine_call(m, hc_mmu_update, AT(0), 1,
					      AT(512), rows[i].domains),
				 rows[i].result);
		memcpy(&done, m->guest + 512, sizeof(done));
		assert_int_equal(done, rows[i].done);
	}
}

/* The longest that each rule can say, and what a short buffer makes of it. */
static void a_refusals_text_is_whole_or_shows_that_it_is_not(void **state)
{
	struct refusal r = {
		.op = {.index = UINT32_MAX},
		.frame = mfn(UINT64_MAX - 1),
		.pfn = pfn(UINT64_MAX),
		.has_types = true,
		.level = 4,
		.entry = pte(UINT64_MAX),
		.nr_path = 1,
		.path = {{.table = mfn(PTE_FRAME_MASK >> PAGE_SHIFT)}},
		.rip = UINT64_MAX,
	};
	char text[REFUSAL_TEXT_SIZE];
	size_t n;

	(void)state;
	for (unsigned int rule = 1; rule < RULES; rule++) {
		for (unsigned int op = 0; op < MMU_OPERATIONS; op++) {
			r.rule = (enum rule)rule;
			r.op.id = (enum mmu_operation)op;
			n = refusal_format(&r, text, sizeof(text));
			assert_true(n < sizeof(text) - 1);
			assert_string_equal(text + n - 16, "ffffffffffffffff");
		}
	}
	n = refusal_format(&r, text, 40);
	assert_int_equal(n, 39);
	assert_string_equal(text + n - 3, "...");
}

#define T(f) cmocka_unit_test_setup_teardown(f, space_set_up, machine_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_refusals_text_is_whole_or_shows_that_it_is_not),
		T(a_clash_of_types_is_told_in_xens_words),
		T(a_frame_without_a_pfn_is_told_without_one),
		T(a_refusal_never_overflows_its_buffer),
		T(a_refusal_says_where_its_request_was_read),
		T(what_is_reported_with_a_refusal_is_xens),
	};

	return cmocka_run_group_tests_name("engine requests", tests, NULL,
					   NULL);
}
