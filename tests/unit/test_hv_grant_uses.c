/* SPDX-License-Identifier: MIT */
/*
 * An entry in use: it means one frame for one domain, whatever its granter
 * writes there meanwhile; and copies, which use an entry for as long as they
 * last.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/metal/metal.h"

#include "hv/services/grant.h"
#include "hv/services/grant_map.h"
#include "hv/services/grant_table.h"

#define REF 9
#define GRANTED 30
#define OTHER_DOMID (TEST_DOMID + 1)
#define MARKS (GTF_reading | GTF_writing)

static int set_up(void **state)
{
	int rc = metal_set_up(state);
	struct metal *t = *state;

	grant_domain_init(&t->d, mfn(METAL_GRANTS), metal_frame(20),
			  metal_frame(21));
	metal_second_domain(t);
	return rc;
}

static void grant(struct domain *d, uint32_t ref, uint16_t flags, domid_t to,
		  mfn_t frame)
{
	*table_v1(d, ref) =
		(grant_entry_v1_t){.flags = (uint16_t)(GTF_permit_access |
						       flags),
				   .domid = to,
				   .frame = (uint32_t)frame.v};
}

/* A use without an entry of a table. */
static gnttab_map_grant_ref_t use(struct vcpu *v, domid_t of, uint32_t flags)
{
	gnttab_map_grant_ref_t op = {.flags = GNTMAP_device_map | flags,
				     .ref = REF,
				     .dom = of};

	assert_int_equal(map_grant(v, &op), 0);
	return op;
}

static int16_t end(struct vcpu *v, const gnttab_map_grant_ref_t *m)
{
	gnttab_unmap_grant_ref_t op = {.handle = m->handle,
				       .dev_bus_addr = m->dev_bus_addr};

	assert_int_equal(map_end(v, &op), 0);
	return op.status;
}

/* --- in use --------------------------------------------------------------- */

static void an_entry_in_use_is_one_domains(void **state)
{
	struct metal *t = *state;
	gnttab_map_grant_ref_t m;

	grant(&t->d, REF, 0, OTHER_DOMID, metal_frame(GRANTED));
	m = use(&t->other_vcpu, TEST_DOMID, 0);
	assert_int_equal(m.status, GNTST_okay);
	/* The granter means it for itself now. */
	table_v1(&t->d, REF)->domid = TEST_DOMID;
	assert_int_equal(use(&t->v[0], TEST_DOMID, 0).status,
			 GNTST_general_error);
	assert_int_equal(end(&t->other_vcpu, &m), GNTST_okay);
	assert_int_equal(t->d.grant.nr_active, 0);
	assert_int_equal(use(&t->v[0], TEST_DOMID, 0).status, GNTST_okay);
}

static void an_entry_in_use_means_one_frame(void **state)
{
	struct metal *t = *state;
	gnttab_map_grant_ref_t reads, writes;

	grant(&t->d, REF, 0, TEST_DOMID, metal_frame(GRANTED));
	reads = use(&t->v[0], TEST_DOMID, GNTMAP_readonly);
	table_v1(&t->d, REF)->frame = (uint32_t)metal_frame(GRANTED + 1).v;
	writes = use(&t->v[0], TEST_DOMID, 0);
	assert_int_equal(writes.status, GNTST_okay);
	assert_int_equal(writes.dev_bus_addr, reads.dev_bus_addr);
	assert_int_equal(end(&t->v[0], &reads), GNTST_okay);
	assert_int_equal(end(&t->v[0], &writes), GNTST_okay);
}

/* Read by somebody, and read-only by now: it is not to be written. */
static void writing_is_asked_for_anew(void **state)
{
	struct metal *t = *state;
	gnttab_map_grant_ref_t m;

	grant(&t->d, REF, GTF_readonly, TEST_DOMID, metal_frame(GRANTED));
	m = use(&t->v[0], TEST_DOMID, GNTMAP_readonly);
	assert_int_equal(m.status, GNTST_okay);
	assert_int_equal(use(&t->v[0], TEST_DOMID, 0).status,
			 GNTST_general_error);
	assert_int_equal(table_v1(&t->d, REF)->flags & MARKS, GTF_reading);
	assert_int_equal(end(&t->v[0], &m), GNTST_okay);
}

static void a_version_waits_for_the_last_use(void **state)
{
	struct metal *t = *state;
	gnttab_map_grant_ref_t a, b;

	grant(&t->d, REF, 0, TEST_DOMID, metal_frame(GRANTED));
	a = use(&t->v[0], TEST_DOMID, 0);
	b = use(&t->v[0], TEST_DOMID, 0);
	assert_int_equal(t->d.grant.nr_active, 1);
	assert_int_equal(end(&t->v[0], &a), GNTST_okay);
	assert_int_equal(table_set_version(&t->d, 2), -XEN_EBUSY);
	assert_int_equal(end(&t->v[0], &b), GNTST_okay);
	assert_int_equal(table_set_version(&t->d, 2), 0);
}

/* --- death ---------------------------------------------------------------- */

static void a_mapper_that_dies_lets_go(void **state)
{
	struct metal *t = *state;

	grant(&t->d, REF, 0, OTHER_DOMID, metal_frame(GRANTED));
	assert_int_equal(use(&t->other_vcpu, TEST_DOMID, 0).status, 0);
	assert_int_equal(table_v1(&t->d, REF)->flags & MARKS, MARKS);
	map_domain_end(&t->other);
	assert_int_equal(table_v1(&t->d, REF)->flags & MARKS, 0);
	assert_int_equal(t->d.grant.nr_active, 0);
	/* There is nothing more to let go. */
	map_domain_end(&t->other);
	assert_int_equal(t->d.grant.nr_active, 0);
}

/* It has a new life, in which nothing of the old one's is in use. */
static void a_granter_that_is_made_again_is_another(void **state)
{
	struct metal *t = *state;
	gnttab_map_grant_ref_t m;

	grant(&t->other, REF, 0, TEST_DOMID, mfn(METAL_OTHER_FIRST + 2));
	m = use(&t->v[0], OTHER_DOMID, 0);
	assert_int_equal(m.status, GNTST_okay);
	t->other.lives++;
	t->other.grant.active[REF] = (struct grant_active){.uses = 0};
	t->other.grant.nr_active = 0;
	table_v1(&t->other, REF)->flags |= MARKS;
	assert_int_equal(end(&t->v[0], &m), GNTST_okay);
	assert_int_equal(t->other.grant.active[REF].uses, 0);
	assert_int_equal(t->other.grant.nr_active, 0);
	assert_int_equal(table_v1(&t->other, REF)->flags & MARKS, MARKS);
}

/* --- copies --------------------------------------------------------------- */

static uint8_t *page(struct metal *t, unsigned int n)
{
	return frame_data(&t->m.mmu, metal_frame(n));
}

/* From frame 40 of the domain to what REF grants. */
static gnttab_copy_t to_grant(uint16_t from, uint16_t to, uint16_t length)
{
	gnttab_copy_t op = {.source.domid = DOMID_SELF,
			    .source.offset = from,
			    .dest.domid = DOMID_SELF,
			    .dest.offset = to,
			    .len = length,
			    .flags = GNTCOPY_dest_gref};

	op.source.u.gmfn = METAL_FIRST + 40;
	op.dest.u.ref = REF;
	return op;
}

static int16_t copy(struct metal *t, gnttab_copy_t op)
{
	assert_int_equal(metal_op(t, hc_grant_table_op, GNTTABOP_copy, &op,
				  sizeof(op)),
			 0);
	/* It holds nothing any more, however it ended. */
	assert_int_equal(t->d.grant.nr_active, 0);
	return op.status;
}

static void bytes_are_copied(void **state)
{
	struct metal *t = *state;
	gnttab_copy_t op = to_grant(100, 200, 5);

	grant(&t->d, REF, 0, TEST_DOMID, metal_frame(GRANTED));
	memcpy(page(t, 40) + 100, "hello", 5);
	assert_int_equal(copy(t, op), GNTST_okay);
	assert_memory_equal(page(t, GRANTED) + 200, "hello", 5);
	assert_int_equal(page(t, GRANTED)[205], 0);
	assert_int_equal(table_v1(&t->d, REF)->flags & MARKS, 0);
	/* And the other way. */
	op = (gnttab_copy_t){.source.domid = DOMID_SELF,
			     .source.offset = 200,
			     .dest.domid = DOMID_SELF,
			     .len = 5,
			     .flags = GNTCOPY_source_gref};
	op.source.u.ref = REF;
	op.dest.u.gmfn = METAL_FIRST + 41;
	assert_int_equal(copy(t, op), GNTST_okay);
	assert_memory_equal(page(t, 41), "hello", 5);
}

/* Of a page that is one's own nobody granted anything. */
static void a_copy_without_grants_uses_none(void **state)
{
	struct metal *t = *state;
	gnttab_copy_t op = {.source.domid = DOMID_SELF,
			    .dest.domid = DOMID_SELF,
			    .len = 5};

	op.source.u.gmfn = METAL_FIRST + 40;
	op.dest.u.gmfn = METAL_FIRST + 41;
	memcpy(page(t, 40), "hello", 5);
	assert_int_equal(copy(t, op), GNTST_okay);
	assert_memory_equal(page(t, 41), "hello", 5);
	assert_int_equal(t->d.grant.active[op.dest.u.ref].uses, 0);
}

static void grant_part(struct metal *t, uint16_t offset, uint16_t length)
{
	grant_entry_v2_t *e = table_v2(&t->d, REF);

	e->hdr = (grant_entry_header_t){.flags = GTF_permit_access |
						 GTF_sub_page,
					.domid = TEST_DOMID};
	e->sub_page.frame = metal_frame(GRANTED).v;
	e->sub_page.page_off = offset;
	e->sub_page.length = length;
}

/* The words of a part mean nothing in the entry of a whole page. */
static void a_whole_page_has_no_part(void **state)
{
	struct metal *t = *state;

	assert_int_equal(table_set_version(&t->d, 2), 0);
	grant_part(t, 100, 50);
	table_v2(&t->d, REF)->hdr.flags = GTF_permit_access;
	assert_int_equal(copy(t, to_grant(0, 99, 10)), GNTST_okay);
}

static void a_copy_stays_within_its_pages(void **state)
{
	struct metal *t = *state;

	grant(&t->d, REF, 0, TEST_DOMID, metal_frame(GRANTED));
	assert_int_equal(copy(t, to_grant(4090, 0, 7)), GNTST_bad_copy_arg);
	assert_int_equal(copy(t, to_grant(0, 4090, 7)), GNTST_bad_copy_arg);
	assert_int_equal(copy(t, to_grant(0, 0xffff, 0xffff)),
			 GNTST_bad_copy_arg);
	assert_int_equal(copy(t, to_grant(4090, 4090, 6)), GNTST_okay);
}

static void anothers_page_is_reached_by_a_grant_alone(void **state)
{
	struct metal *t = *state;
	gnttab_copy_t op = to_grant(0, 0, 8);

	grant(&t->d, REF, 0, TEST_DOMID, metal_frame(GRANTED));
	op.source.domid = OTHER_DOMID;
	op.source.u.gmfn = METAL_OTHER_FIRST + 2;
	assert_int_equal(copy(t, op), GNTST_permission_denied);
	op = to_grant(0, 0, 8);
	op.dest.domid = 99;
	assert_int_equal(copy(t, op), GNTST_bad_domain);
	/* Nor is a frame that is nobody's, or that he does not own. */
	op = to_grant(0, 0, 8);
	op.source.u.gmfn = MACHINE_FRAMES;
	assert_int_equal(copy(t, op), GNTST_bad_page);
	op.source.u.gmfn = METAL_OTHER_FIRST + 2;
	assert_int_equal(copy(t, op), GNTST_bad_page);
	grant(&t->d, REF, 0, TEST_DOMID, mfn(METAL_OTHER_FIRST + 2));
	assert_int_equal(copy(t, to_grant(0, 0, 8)), GNTST_bad_page);
}

/* What is granted for reading, or is a table, is not written. */
static void a_copy_writes_what_may_be_written(void **state)
{
	struct metal *t = *state;

	grant(&t->d, REF, GTF_readonly, TEST_DOMID, metal_frame(GRANTED));
	assert_int_equal(copy(t, to_grant(0, 0, 8)), GNTST_general_error);
	grant(&t->d, REF, 0, TEST_DOMID, metal_frame(L1_FRAME));
	assert_int_equal(copy(t, to_grant(0, 0, 8)), GNTST_general_error);
	assert_int_equal(table_v1(&t->d, REF)->flags & MARKS, 0);
}

static void a_part_of_a_page_is_that_part(void **state)
{
	struct metal *t = *state;

	assert_int_equal(table_set_version(&t->d, 2), 0);
	grant_part(t, 100, 50);
	assert_int_equal(copy(t, to_grant(0, 100, 50)), GNTST_okay);
	assert_int_equal(copy(t, to_grant(0, 99, 10)), GNTST_general_error);
	assert_int_equal(copy(t, to_grant(0, 149, 2)), GNTST_general_error);
	/* It is mapped by nobody. */
	assert_int_equal(use(&t->v[0], TEST_DOMID, 0).status,
			 GNTST_general_error);
	/* A part that is not within a page is none. */
	grant_part(t, 4000, 97);
	assert_int_equal(copy(t, to_grant(0, 4000, 1)), GNTST_general_error);
	grant_part(t, 5000, 1);
	assert_int_equal(copy(t, to_grant(0, 4000, 0)), GNTST_general_error);
	assert_int_equal(*table_status(&t->d, REF) & MARKS, 0);
}

/* Of the source, too. */
static void a_part_is_read_as_that_part(void **state)
{
	struct metal *t = *state;
	gnttab_copy_t op = {.source.domid = DOMID_SELF,
			    .source.offset = 99,
			    .dest.domid = DOMID_SELF,
			    .len = 5,
			    .flags = GNTCOPY_source_gref};

	op.source.u.ref = REF;
	op.dest.u.gmfn = METAL_FIRST + 41;
	assert_int_equal(table_set_version(&t->d, 2), 0);
	grant_part(t, 100, 50);
	assert_int_equal(copy(t, op), GNTST_general_error);
	op.source.offset = 146;
	assert_int_equal(copy(t, op), GNTST_general_error);
	op.source.offset = 145;
	assert_int_equal(copy(t, op), GNTST_okay);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, metal_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_entry_in_use_is_one_domains),
		TEST(an_entry_in_use_means_one_frame),
		TEST(writing_is_asked_for_anew),
		TEST(a_version_waits_for_the_last_use),
		TEST(a_mapper_that_dies_lets_go),
		TEST(a_granter_that_is_made_again_is_another),
		TEST(bytes_are_copied),
		TEST(a_copy_without_grants_uses_none),
		TEST(a_whole_page_has_no_part),
		TEST(a_copy_stays_within_its_pages),
		TEST(anothers_page_is_reached_by_a_grant_alone),
		TEST(a_copy_writes_what_may_be_written),
		TEST(a_part_of_a_page_is_that_part),
		TEST(a_part_is_read_as_that_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
