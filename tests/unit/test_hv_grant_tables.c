/* SPDX-License-Identifier: MIT */
/*
 * Grant tables: their versions, how they grow, and what requests with lists
 * refuse.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/metal/grants.h"

#include "abi/guest_range.h"

static grant_entry_v2_t *entry_v2(struct metal *t, uint32_t ref)
{
	return (grant_entry_v2_t *)frame_data(&t->m.mmu, mfn(METAL_GRANTS)) +
	       ref;
}

static int64_t set_version(struct metal *t, uint32_t version)
{
	gnttab_set_version_t op = {.version = version};

	return OP(t, GNTTABOP_set_version, op);
}

/* --- versions ------------------------------------------------------------- */

static void a_version_is_1_or_2(void **state)
{
	struct metal *t = *state;

	assert_int_equal(set_version(t, 0), -XEN_EINVAL);
	assert_int_equal(set_version(t, 3), -XEN_EINVAL);
	assert_int_equal(t->d.grant.version, 1);
}

static void a_version_stays_while_grants_are_mapped(void **state)
{
	struct metal *t = *state;
	gnttab_map_grant_ref_t op;

	grant(t, REF, 0, metal_frame(GRANTED));
	op = map(t, REF, GNTMAP_device_map);
	assert_int_equal(set_version(t, 2), -XEN_EBUSY);
	assert_int_equal(set_version(t, 1), 0);
	assert_int_equal(unmap(t, op.handle, 0, op.dev_bus_addr), 0);
	assert_int_equal(set_version(t, 2), 0);
	assert_int_equal(t->d.grant.version, 2);
}

static void status_frames_go_back_unless_they_are_mapped(void **state)
{
	struct metal *t = *state;
	uint64_t arg[6] = {FREE_VA};

	assert_int_equal(set_version(t, 2), 0);
	arg[1] = pte_make(table_status_frame(&t->d, 0), RW_FLAGS).v;
	assert_int_equal(hc_update_va_mapping(&t->v[0].mmu, arg), 0);
	assert_int_equal(set_version(t, 1), -XEN_EBUSY);
	assert_int_equal(t->d.grant.version, 2);
	arg[0] = FREE_VA;
	arg[1] = 0;
	assert_int_equal(hc_update_va_mapping(&t->v[0].mmu, arg), 0);
	assert_int_equal(set_version(t, 1), 0);
}

/* The builder's two grants outlive the change; the guest's do not. */
static void reserved_entries_are_kept(void **state)
{
	struct metal *t = *state;
	uint32_t ref = GNTTAB_RESERVED_XENSTORE;

	/* One of the guest's lies where its REF is then. */
	grant(t, 2 * REF, 0, metal_frame(GRANTED));
	assert_int_equal(set_version(t, 2), 0);
	assert_int_equal(entry_v2(t, ref)->full_page.frame, metal_frame(21).v);
	assert_int_equal(entry_v2(t, REF)->hdr.flags, 0);
	/* What version 1 has no words for is dropped. */
	entry_v2(t, 2)->hdr.flags = GTF_permit_access;
	entry_v2(t, 2)->full_page.frame = UINT64_C(1) << 32 | 5;
	entry_v2(t, 3)->hdr.flags = GTF_transitive;
	entry_v2(t, 3)->full_page.frame = 5;
	assert_int_equal(set_version(t, 1), 0);
	assert_int_equal(entry(t, ref)->frame, metal_frame(21).v);
	assert_int_equal(entry(t, ref)->flags, GTF_permit_access);
	assert_int_equal(entry(t, 2)->flags, 0);
	assert_int_equal(entry(t, 3)->flags, 0);
}

static void the_second_version_marks_beside_the_entry(void **state)
{
	struct metal *t = *state;
	gnttab_map_grant_ref_t op;
	grant_status_t *status;

	assert_int_equal(set_version(t, 2), 0);
	status = frame_data(&t->m.mmu, table_status_frame(&t->d, 0));
	entry_v2(t, REF)->hdr =
		(grant_entry_header_t){.flags = GTF_permit_access,
				       .domid = TEST_DOMID};
	entry_v2(t, REF)->full_page.frame = metal_frame(GRANTED).v;
	op = map(t, REF, GNTMAP_host_map);
	assert_int_equal(op.status, GNTST_okay);
	assert_int_equal(status[REF], MARKS);
	assert_int_equal(entry_v2(t, REF)->hdr.flags, GTF_permit_access);
	assert_int_equal(unmap(t, op.handle, FREE_VA, 0), GNTST_okay);
	assert_int_equal(status[REF], 0);
}

/* --- swapping ------------------------------------------------------------- */

static void entries_are_swapped_unless_they_are_used(void **state)
{
	struct metal *t = *state;
	gnttab_swap_grant_ref_t op = {.ref_a = REF, .ref_b = OTHER_REF};
	gnttab_map_grant_ref_t m;
	uint32_t end = PAGE_SIZE / sizeof(grant_entry_v1_t);

	grant(t, REF, 0, metal_frame(GRANTED));
	grant(t, OTHER_REF, GTF_readonly, metal_frame(GRANTED + 1));
	assert_int_equal(OP(t, GNTTABOP_swap_grant_ref, op), 0);
	assert_int_equal(op.status, GNTST_okay);
	assert_int_equal(entry(t, REF)->frame, metal_frame(GRANTED + 1).v);
	assert_int_equal(entry(t, OTHER_REF)->frame, metal_frame(GRANTED).v);
	m = map(t, OTHER_REF, GNTMAP_device_map);
	assert_int_equal(OP(t, GNTTABOP_swap_grant_ref, op), 0);
	assert_int_equal(op.status, GNTST_eagain);
	op = (gnttab_swap_grant_ref_t){.ref_a = OTHER_REF, .ref_b = REF};
	assert_int_equal(OP(t, GNTTABOP_swap_grant_ref, op), 0);
	assert_int_equal(op.status, GNTST_eagain);
	assert_int_equal(unmap(t, m.handle, 0, m.dev_bus_addr), 0);
	op = (gnttab_swap_grant_ref_t){.ref_a = end, .ref_b = REF};
	assert_int_equal(OP(t, GNTTABOP_swap_grant_ref, op), 0);
	assert_int_equal(op.status, GNTST_bad_gntref);
	op = (gnttab_swap_grant_ref_t){.ref_a = REF, .ref_b = end};
	assert_int_equal(OP(t, GNTTABOP_swap_grant_ref, op), 0);
	assert_int_equal(op.status, GNTST_bad_gntref);
	/* In the second version, too. */
	assert_int_equal(set_version(t, 2), 0);
	entry_v2(t, REF)->full_page.frame = 1;
	entry_v2(t, OTHER_REF)->full_page.frame = 2;
	op = (gnttab_swap_grant_ref_t){.ref_a = REF, .ref_b = OTHER_REF};
	assert_int_equal(OP(t, GNTTABOP_swap_grant_ref, op), 0);
	assert_int_equal(entry_v2(t, REF)->full_page.frame, 2);
}

/* --- requests ------------------------------------------------------------- */

static int16_t setup(struct metal *t, domid_t dom, uint32_t nr, uint64_t list)
{
	gnttab_setup_table_t op = {.dom = dom, .nr_frames = nr};

	op.frame_list.p = (void *)list;
	assert_int_equal(OP(t, GNTTABOP_setup_table, op), 0);
	return op.status;
}

static void a_table_grows_to_its_limit(void **state)
{
	struct metal *t = *state;
	uint64_t list = GUEST_BUFFER + 256;
	uint64_t frames[GRANT_TABLE_FRAMES];

	assert_int_equal(setup(t, 99, 1, list), GNTST_bad_domain);
	assert_int_equal(setup(t, DOMID_SELF, GRANT_TABLE_FRAMES + 1, list),
			 GNTST_general_error);
	assert_int_equal(t->d.grant.nr_frames, 1);
	assert_int_equal(setup(t, DOMID_SELF, GRANT_TABLE_FRAMES, list),
			 GNTST_okay);
	memcpy(frames, t->m.guest + 256, sizeof(frames));
	assert_int_equal(frames[31], METAL_GRANTS + 31);
	/* It never shrinks. */
	assert_int_equal(setup(t, DOMID_SELF, 2, list), GNTST_okay);
	assert_int_equal(t->d.grant.nr_frames, GRANT_TABLE_FRAMES);
	assert_int_equal(setup(t, DOMID_SELF, 2, METAL_UNMAPPED),
			 GNTST_bad_virt_addr);
}

static void a_list_is_in_the_guests_memory(void **state)
{
	struct metal *t = *state;
	gnttab_setup_table_t op = {.dom = DOMID_SELF, .nr_frames = 1};
	gnttab_get_status_frames_t s = {.dom = DOMID_SELF, .nr_frames = 1};
	uint64_t arg[6] = {GNTTABOP_map_grant_ref, GUEST_HIGH_START - 8, 1};

	op.frame_list.p = (void *)(GUEST_HIGH_START - 8);
	assert_int_equal(OP(t, GNTTABOP_setup_table, op), -XEN_EFAULT);
	s.frame_list.p = (uint64_t *)(GUEST_HIGH_START - 8);
	assert_int_equal(OP(t, GNTTABOP_get_status_frames, s), -XEN_EFAULT);
	assert_int_equal(hc_grant_table_op(&t->v[0], arg), -XEN_EFAULT);
}

static void status_frames_are_the_second_versions(void **state)
{
	struct metal *t = *state;
	gnttab_get_status_frames_t op = {.dom = DOMID_SELF, .nr_frames = 1};
	uint64_t first;

	op.frame_list.p = (uint64_t *)(GUEST_BUFFER + 256);
	assert_int_equal(OP(t, GNTTABOP_get_status_frames, op), 0);
	assert_int_equal(op.status, GNTST_general_error);
	assert_int_equal(set_version(t, 2), 0);
	assert_int_equal(OP(t, GNTTABOP_get_status_frames, op), 0);
	assert_int_equal(op.status, GNTST_okay);
	memcpy(&first, t->m.guest + 256, sizeof(first));
	assert_int_equal(first, METAL_GRANTS + GRANT_TABLE_FRAMES);
	op.dom = 99;
	assert_int_equal(OP(t, GNTTABOP_get_status_frames, op), 0);
	assert_int_equal(op.status, GNTST_bad_domain);
}

static void questions_are_about_ones_own_table(void **state)
{
	struct metal *t = *state;
	gnttab_query_size_t size = {.dom = 99};
	gnttab_get_version_t version = {.dom = 99};

	assert_int_equal(OP(t, GNTTABOP_query_size, size), 0);
	assert_int_equal(size.status, GNTST_bad_domain);
	assert_int_equal(OP(t, GNTTABOP_get_version, version), -XEN_ESRCH);
	metal_second_domain(t);
	size.dom = TEST_DOMID + 1;
	size.max_nr_frames = 0;
	assert_int_equal(OP(t, GNTTABOP_query_size, size), 0);
	assert_int_equal(size.status, GNTST_permission_denied);
	assert_int_equal(size.max_nr_frames, 0);
	version.dom = TEST_DOMID + 1;
	assert_int_equal(OP(t, GNTTABOP_get_version, version), -XEN_EPERM);
	size.dom = TEST_DOMID;
	assert_int_equal(OP(t, GNTTABOP_query_size, size), 0);
	assert_int_equal(size.max_nr_frames, GRANT_TABLE_FRAMES);
}

/* The page stays, whatever is asked. */
static void transfers_are_refused(void **state)
{
	struct metal *t = *state;
	gnttab_transfer_t op = {.mfn = metal_frame(30).v, .domid = TEST_DOMID};

	assert_int_equal(OP(t, GNTTABOP_transfer, op), 0);
	assert_int_equal(op.status, GNTST_permission_denied);
	op.domid = 99;
	assert_int_equal(OP(t, GNTTABOP_transfer, op), 0);
	assert_int_equal(op.status, GNTST_bad_domain);
	op.mfn = 1;
	assert_int_equal(OP(t, GNTTABOP_transfer, op), 0);
	assert_int_equal(op.status, GNTST_bad_page);
}

static void how_many_a_request_has_is_checked(void **state)
{
	struct metal *t = *state;
	const unsigned int single[] = {GNTTABOP_setup_table,
				       GNTTABOP_query_size,
				       GNTTABOP_get_status_frames};
	uint64_t arg[6] = {GNTTABOP_unmap_grant_ref, GUEST_BUFFER, 0x80000000};

	assert_int_equal(hc_grant_table_op(&t->v[0], arg), -XEN_EINVAL);
	for (unsigned int i = 0; i < 3; i++) {
		uint64_t two[6] = {single[i], GUEST_BUFFER, 2};

		assert_int_equal(hc_grant_table_op(&t->v[0], two), -XEN_EINVAL);
	}
	arg[0] = GNTTABOP_cache_flush;
	arg[2] = 1;
	assert_int_equal(hc_grant_table_op(&t->v[0], arg), -XEN_ENOSYS);
}

static void what_cannot_be_read_or_written_is_a_fault(void **state)
{
	struct metal *t = *state;
	const unsigned int all[] = {GNTTABOP_setup_table,
				    GNTTABOP_query_size,
				    GNTTABOP_get_status_frames,
				    GNTTABOP_set_version,
				    GNTTABOP_get_version,
				    GNTTABOP_swap_grant_ref};

	for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		uint64_t in[6] = {all[i], METAL_UNMAPPED, 1};
		uint64_t out[6] = {all[i], GUEST_BUFFER, 1};

		t->m.copy_fail_after = 0;
		assert_int_equal(hc_grant_table_op(&t->v[0], in), -XEN_EFAULT);
		t->m.copies = 0;
		t->m.copy_fail_after = 2;
		memset(t->m.guest, 0, 256);
		memcpy(t->m.guest, &(uint32_t){DOMID_SELF}, 4);
		assert_int_equal(hc_grant_table_op(&t->v[0], out), -XEN_EFAULT);
	}
}

/* Long lists stop where something else is due, and go on from there. */
static void a_long_list_can_be_stopped(void **state)
{
	struct metal *t = *state;
	uint64_t arg[6] = {GNTTABOP_unmap_grant_ref, GUEST_BUFFER, 40};

	t->m.preempt_after = 1;
	assert_int_equal(hc_grant_table_op(&t->v[0], arg), -XEN_ERESTART);
	assert_int_equal(arg[2], 40 - 15);
	assert_int_equal(arg[1],
			 GUEST_BUFFER + 15 * sizeof(gnttab_unmap_grant_ref_t));
	t->m.preempt_after = 0;
	assert_int_equal(hc_grant_table_op(&t->v[0], arg), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, metal_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_version_is_1_or_2),
		TEST(a_version_stays_while_grants_are_mapped),
		TEST(status_frames_go_back_unless_they_are_mapped),
		TEST(reserved_entries_are_kept),
		TEST(the_second_version_marks_beside_the_entry),
		TEST(entries_are_swapped_unless_they_are_used),
		TEST(a_table_grows_to_its_limit),
		TEST(a_list_is_in_the_guests_memory),
		TEST(status_frames_are_the_second_versions),
		TEST(questions_are_about_ones_own_table),
		TEST(transfers_are_refused),
		TEST(how_many_a_request_has_is_checked),
		TEST(what_cannot_be_read_or_written_is_a_fault),
		TEST(a_long_list_can_be_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
