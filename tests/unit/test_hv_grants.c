/* SPDX-License-Identifier: MIT */
/*
 * Grant tables: what mapping, unmapping and growing refuse, that a mark stays
 * as long as a mapping needs it, and that the audit agrees after each test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/metal/grants.h"

static uint64_t mapped(struct metal *t)
{
	return frame_ptes(&t->m.mmu, metal_frame(L1_FRAME))[FREE_ENTRY].v;
}

/* --- mapping -------------------------------------------------------------- */

static void a_grant_is_mapped_and_marked(void **state)
{
	struct metal *t = *state;
	gnttab_map_grant_ref_t op;

	grant(t, REF, 0, metal_frame(GRANTED));
	op = map(t, REF, GNTMAP_host_map);
	assert_int_equal(op.status, GNTST_okay);
	assert_int_equal(op.dev_bus_addr, metal_frame(GRANTED).v << PAGE_SHIFT);
	assert_int_equal(mapped(t) >> PAGE_SHIFT & 0xff,
			 metal_frame(GRANTED).v & 0xff);
	assert_true(mapped(t) & PTE_RW);
	assert_int_equal(entry(t, REF)->flags & MARKS, MARKS);
	assert_int_equal(unmap(t, op.handle, FREE_VA, 0), GNTST_okay);
	assert_int_equal(mapped(t), 0);
	assert_int_equal(entry(t, REF)->flags & MARKS, 0);
}

static void a_readonly_mapping_cannot_write(void **state)
{
	struct metal *t = *state;
	gnttab_map_grant_ref_t op;

	grant(t, REF, GTF_readonly, metal_frame(GRANTED));
	assert_int_equal(map(t, REF, GNTMAP_host_map).status,
			 GNTST_general_error);
	assert_int_equal(entry(t, REF)->flags & MARKS, 0);
	op = map(t, REF, GNTMAP_host_map | GNTMAP_readonly);
	assert_int_equal(op.status, GNTST_okay);
	assert_false(mapped(t) & PTE_RW);
	assert_int_equal(entry(t, REF)->flags & MARKS, GTF_reading);
	assert_int_equal(unmap(t, op.handle, FREE_VA, 0), GNTST_okay);
}

static void a_mapping_is_of_some_kind(void **state)
{
	struct metal *t = *state;
	gnttab_map_grant_ref_t op;

	grant(t, REF, 0, metal_frame(GRANTED));
	op = map(t, REF, 0);
	assert_int_equal(op.status, GNTST_bad_gntref);
	assert_int_equal(entry(t, REF)->flags & MARKS, 0);
}

static void a_grant_of_another_domain_cannot_be_mapped(void **state)
{
	struct metal *t = *state;
	gnttab_map_grant_ref_t op = {.host_addr = FREE_VA,
				     .flags = GNTMAP_host_map,
				     .ref = REF,
				     .dom = 99};

	grant(t, REF, 0, metal_frame(GRANTED));
	assert_int_equal(OP(t, GNTTABOP_map_grant_ref, op), 0);
	assert_int_equal(op.status, GNTST_bad_domain);
	assert_int_equal(mapped(t), 0);
}

/* Not permitted, to somebody else, a part of a page, or a transfer. */
static void only_a_grant_to_us_can_be_mapped(void **state)
{
	struct metal *t = *state;

	grant(t, REF, 0, metal_frame(GRANTED));
	entry(t, REF)->domid = 99;
	assert_int_equal(map(t, REF, GNTMAP_host_map).status,
			 GNTST_general_error);
	grant(t, REF, GTF_sub_page, metal_frame(GRANTED));
	assert_int_equal(map(t, REF, GNTMAP_host_map).status,
			 GNTST_general_error);
	grant(t, REF, 0, metal_frame(GRANTED));
	entry(t, REF)->flags = GTF_accept_transfer;
	assert_int_equal(map(t, REF, GNTMAP_host_map).status,
			 GNTST_general_error);
	entry(t, REF)->flags = GTF_invalid;
	assert_int_equal(map(t, REF, GNTMAP_host_map).status,
			 GNTST_general_error);
	assert_int_equal(entry(t, REF)->flags & MARKS, 0);
}

static void an_entry_beyond_the_table_is_refused(void **state)
{
	struct metal *t = *state;
	uint32_t end = PAGE_SIZE / sizeof(grant_entry_v1_t);

	/* What lies there says that it is granted. */
	grant(t, end, 0, metal_frame(GRANTED));
	assert_int_equal(map(t, end, GNTMAP_host_map).status, GNTST_bad_gntref);
	assert_int_equal(map(t, UINT32_MAX, GNTMAP_host_map).status,
			 GNTST_bad_gntref);
	table_grow(&t->d, 2);
	assert_int_equal(map(t, end, GNTMAP_host_map).status, GNTST_okay);
	assert_int_equal(unmap(t, 0, FREE_VA, 0), GNTST_okay);
}

/* A device mapping is of frames of one's own, too: nothing else judges it. */
static void what_is_granted_is_ones_own(void **state)
{
	struct metal *t = *state;
	const mfn_t wrong[] = {mfn(1), mfn(MACHINE_FRAMES), mfn(0xffffffff)};

	for (unsigned int i = 0; i < 3; i++) {
		grant(t, REF, 0, wrong[i]);
		assert_int_equal(map(t, REF, GNTMAP_device_map).status,
				 GNTST_bad_page);
		assert_int_equal(map(t, REF, GNTMAP_host_map).status,
				 GNTST_bad_page);
		assert_int_equal(entry(t, REF)->flags & MARKS, 0);
	}
}

/* The engine's word is last: a page table is mapped writable for nobody. */
static void what_the_engine_refuses_leaves_no_mark(void **state)
{
	struct metal *t = *state;

	grant(t, REF, 0, metal_frame(L1_FRAME));
	assert_int_equal(map(t, REF, GNTMAP_host_map).status,
			 GNTST_general_error);
	assert_int_equal(entry(t, REF)->flags & MARKS, 0);
	assert_int_equal(mapped(t), 0);
	assert_int_equal(unmap(t, 0, FREE_VA, 0), GNTST_bad_handle);
}

static void handles_end(void **state)
{
	struct metal *t = *state;
	gnttab_map_grant_ref_t op;

	grant(t, REF, 0, metal_frame(GRANTED));
	for (unsigned int i = 0; i < GRANT_MAPPINGS; i++) {
		op = map(t, REF, GNTMAP_device_map);
		assert_int_equal(op.status, GNTST_okay);
		assert_int_equal(op.handle, i);
		assert_int_equal(mapped(t), 0);
	}
	assert_int_equal(map(t, REF, GNTMAP_device_map).status, GNTST_no_space);
	assert_int_equal(unmap(t, 77, 0, op.dev_bus_addr), GNTST_okay);
	assert_int_equal(map(t, REF, GNTMAP_device_map).handle, 77);
}

/* --- unmapping ------------------------------------------------------------ */

static void a_handle_that_is_none_is_refused(void **state)
{
	struct metal *t = *state;
	const uint32_t wrong[] = {0, GRANT_MAPPINGS - 1, GRANT_MAPPINGS,
				  UINT32_MAX};

	for (unsigned int i = 0; i < 4; i++) {
		gnttab_unmap_and_replace_t op = {.host_addr = FREE_VA,
						 .handle = wrong[i]};

		assert_int_equal(unmap(t, wrong[i], FREE_VA, 0),
				 GNTST_bad_handle);
		assert_int_equal(OP(t, GNTTABOP_unmap_and_replace, op), 0);
		assert_int_equal(op.status, GNTST_bad_handle);
	}
}

static void a_device_mapping_ends_by_its_own_address(void **state)
{
	struct metal *t = *state;
	gnttab_map_grant_ref_t op;

	grant(t, REF, 0, metal_frame(GRANTED));
	op = map(t, REF, GNTMAP_device_map);
	assert_int_equal(unmap(t, op.handle, 0, op.dev_bus_addr + PAGE_SIZE),
			 GNTST_general_error);
	/* Without an address nothing ends. */
	assert_int_equal(unmap(t, op.handle, 0, 0), GNTST_okay);
	assert_int_equal(entry(t, REF)->flags & MARKS, MARKS);
	assert_int_equal(unmap(t, op.handle, 0, op.dev_bus_addr), GNTST_okay);
	assert_int_equal(entry(t, REF)->flags & MARKS, 0);
}

/* What was never mapped so does not end so (XSA-234's kind). */
static void only_what_was_mapped_ends(void **state)
{
	struct metal *t = *state;
	gnttab_map_grant_ref_t op;
	uint64_t bus = metal_frame(GRANTED).v << PAGE_SHIFT;

	grant(t, REF, 0, metal_frame(GRANTED));
	op = map(t, REF, GNTMAP_device_map);
	/* A host address: there is no host mapping. */
	assert_int_equal(unmap(t, op.handle, 0x4000, 0), GNTST_okay);
	assert_int_equal(frame_ptes(&t->m.mmu, metal_frame(L1_FRAME))[4].v >>
					 PAGE_SHIFT &
				 0xff,
			 metal_frame(DATA_FRAME + 4).v & 0xff);
	assert_int_equal(unmap(t, op.handle, 0, bus), GNTST_okay);
	op = map(t, REF, GNTMAP_host_map);
	/* A device's address: there is no device mapping. */
	assert_int_equal(unmap(t, op.handle, 0, bus + PAGE_SIZE), GNTST_okay);
	assert_int_equal(entry(t, REF)->flags & MARKS, MARKS);
	assert_int_equal(unmap(t, op.handle, FREE_VA, 0), GNTST_okay);
}

static void a_mapping_elsewhere_does_not_end(void **state)
{
	struct metal *t = *state;
	gnttab_map_grant_ref_t op;

	grant(t, REF, 0, metal_frame(GRANTED));
	op = map(t, REF, GNTMAP_host_map);
	assert_int_equal(unmap(t, op.handle, 0x4000, 0), GNTST_general_error);
	assert_int_equal(entry(t, REF)->flags & MARKS, MARKS);
	assert_int_equal(unmap(t, op.handle, FREE_VA, 0), GNTST_okay);
}

static void a_mark_stays_while_a_mapping_needs_it(void **state)
{
	struct metal *t = *state;
	gnttab_map_grant_ref_t reads, writes, both;

	grant(t, REF, 0, metal_frame(GRANTED));
	grant(t, OTHER_REF, 0, metal_frame(GRANTED + 1));
	writes = map(t, REF, GNTMAP_device_map);
	reads = map(t, REF, GNTMAP_device_map | GNTMAP_readonly);
	assert_int_equal(map(t, OTHER_REF, GNTMAP_device_map).status, 0);
	assert_int_equal(unmap(t, writes.handle, 0, writes.dev_bus_addr), 0);
	assert_int_equal(entry(t, REF)->flags & MARKS, GTF_reading);
	assert_int_equal(unmap(t, reads.handle, 0, reads.dev_bus_addr), 0);
	assert_int_equal(entry(t, REF)->flags & MARKS, 0);
	assert_int_equal(entry(t, OTHER_REF)->flags & MARKS, MARKS);
	/* Of both kinds, one ends. */
	both = map(t, REF, GNTMAP_device_map | GNTMAP_host_map);
	assert_int_equal(both.status, GNTST_okay);
	assert_int_equal(unmap(t, both.handle, 0, both.dev_bus_addr), 0);
	assert_int_equal(entry(t, REF)->flags & MARKS, MARKS);
	assert_int_equal(unmap(t, both.handle, FREE_VA, 0), 0);
	assert_int_equal(entry(t, REF)->flags & MARKS, 0);
}

static void only_a_host_mapping_by_address_is_replaced(void **state)
{
	struct metal *t = *state;
	gnttab_unmap_and_replace_t op = {.host_addr = FREE_VA,
					 .new_addr = 0x5000};
	uint64_t own[6] = {FREE_VA};
	gnttab_map_grant_ref_t by_pte = {.host_addr = (metal_frame(L1_FRAME).v
						       << PAGE_SHIFT) +
						      FREE_ENTRY * 8,
					 .flags = GNTMAP_host_map |
						  GNTMAP_contains_pte,
					 .ref = REF,
					 .dom = TEST_DOMID};

	grant(t, REF, 0, metal_frame(GRANTED));
	op.handle = map(t, REF, GNTMAP_device_map).handle;
	assert_int_equal(OP(t, GNTTABOP_unmap_and_replace, op), 0);
	assert_int_equal(op.status, GNTST_general_error);
	/* Not one either that the guest made of the same frame itself. */
	own[1] = pte_make(metal_frame(GRANTED), RW_FLAGS | PTE_D).v;
	assert_int_equal(hc_update_va_mapping(&t->v[0].mmu, own), 0);
	assert_int_equal(OP(t, GNTTABOP_unmap_and_replace, op), 0);
	assert_int_equal(op.status, GNTST_general_error);
	own[0] = FREE_VA;
	own[1] = 0;
	assert_int_equal(hc_update_va_mapping(&t->v[0].mmu, own), 0);
	assert_int_equal(unmap(t, op.handle, 0,
			       metal_frame(GRANTED).v << PAGE_SHIFT),
			 0);
	assert_int_equal(OP(t, GNTTABOP_map_grant_ref, by_pte), 0);
	assert_int_equal(by_pte.status, GNTST_okay);
	op.handle = by_pte.handle;
	op.host_addr = by_pte.host_addr;
	assert_int_equal(OP(t, GNTTABOP_unmap_and_replace, op), 0);
	assert_int_equal(op.status, GNTST_general_error);
	assert_int_equal(unmap(t, by_pte.handle, by_pte.host_addr, 0), 0);
	/* One that can be: what stood at the new address stands here. */
	op.handle = map(t, REF, GNTMAP_host_map).handle;
	op.host_addr = FREE_VA;
	op.new_addr = UINT64_C(300) << PAGE_SHIFT << 9; /* no table there */
	assert_int_equal(OP(t, GNTTABOP_unmap_and_replace, op), 0);
	assert_int_equal(op.status, GNTST_general_error);
	assert_int_equal(entry(t, REF)->flags & MARKS, MARKS);
	op.new_addr = 0x5000;
	assert_int_equal(OP(t, GNTTABOP_unmap_and_replace, op), 0);
	assert_int_equal(op.status, GNTST_okay);
	assert_int_equal(mapped(t) >> PAGE_SHIFT & 0xff,
			 metal_frame(DATA_FRAME + 5).v & 0xff);
	assert_int_equal(entry(t, REF)->flags & MARKS, 0);
}

/* Half of it is done by then, and is undone: it is asked from the start. */
static void what_must_wait_is_asked_again(void **state)
{
	struct metal *t = *state;
	gnttab_map_grant_ref_t m = {.host_addr = FREE_VA,
				    .flags = GNTMAP_host_map,
				    .ref = REF,
				    .dom = TEST_DOMID};
	gnttab_unmap_and_replace_t r = {.host_addr = FREE_VA,
					.new_addr = 0x5000};
	gnttab_unmap_grant_ref_t u = {.host_addr = FREE_VA};

	grant(t, REF, 0, metal_frame(GRANTED));
	metal_leave_work(t);
	assert_int_equal(OP(t, GNTTABOP_map_grant_ref, m), -XEN_ERESTART);
	assert_int_equal(entry(t, REF)->flags & MARKS, 0);
	t->m.preempt_after = 0;
	r.handle = u.handle = map(t, REF, GNTMAP_host_map).handle;
	metal_leave_work(t);
	assert_int_equal(OP(t, GNTTABOP_unmap_and_replace, r), -XEN_ERESTART);
	metal_leave_work(t);
	assert_int_equal(OP(t, GNTTABOP_unmap_grant_ref, u), -XEN_ERESTART);
	assert_int_equal(entry(t, REF)->flags & MARKS, MARKS);
	t->m.preempt_after = 0;
	assert_int_equal(unmap(t, u.handle, FREE_VA, 0), GNTST_okay);
	assert_int_equal(entry(t, REF)->flags & MARKS, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, metal_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_grant_is_mapped_and_marked),
		TEST(a_readonly_mapping_cannot_write),
		TEST(a_mapping_is_of_some_kind),
		TEST(a_grant_of_another_domain_cannot_be_mapped),
		TEST(only_a_grant_to_us_can_be_mapped),
		TEST(an_entry_beyond_the_table_is_refused),
		TEST(what_is_granted_is_ones_own),
		TEST(what_the_engine_refuses_leaves_no_mark),
		TEST(handles_end),
		TEST(a_handle_that_is_none_is_refused),
		TEST(a_device_mapping_ends_by_its_own_address),
		TEST(only_what_was_mapped_ends),
		TEST(a_mapping_elsewhere_does_not_end),
		TEST(a_mark_stays_while_a_mapping_needs_it),
		TEST(only_a_host_mapping_by_address_is_replaced),
		TEST(what_must_wait_is_asked_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
