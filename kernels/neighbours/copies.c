/* SPDX-License-Identifier: MIT */
/* Copies from and to what the other grants, and parts of pages. */
#include "kernels/neighbours/neighbours.h"

#define SHARED 20
#define READ_ONLY 21
#define NOBODYS 22
#define A_TABLE 23
#define PART 24

#define PART_OFFSET 512
#define PART_LENGTH 64

static volatile uint8_t theirs[PAGE_SIZE] __attribute__((aligned(4096)));
static volatile uint8_t for_reading[PAGE_SIZE] __attribute__((aligned(4096)));
static volatile uint8_t mine[PAGE_SIZE] __attribute__((aligned(4096)));

static int copy(gnttab_copy_t *op)
{
	int64_t rc = grant_op(GNTTABOP_copy, op);

	return rc == 0 ? op->status : (int)rc;
}

/* From a grant to an own frame. */
static gnttab_copy_t from_grant(const struct neighbour *n, uint32_t ref,
				unsigned int offset, unsigned int length)
{
	return (gnttab_copy_t){
		.source = {.u.ref = ref,
			   .domid = n->peer,
			   .offset = (uint16_t)offset},
		.dest = {.u.gmfn = mfn_at(&n->pv, (const void *)mine),
			 .domid = DOMID_SELF,
			 .offset = (uint16_t)offset},
		.len = (uint16_t)length,
		.flags = GNTCOPY_source_gref,
	};
}

static gnttab_copy_t to_grant(const struct neighbour *n, uint32_t ref,
			      unsigned int offset, unsigned int length)
{
	gnttab_copy_t op = from_grant(n, ref, offset, length);
	const typeof(op.source) from = op.source;

	op.source.u.gmfn = op.dest.u.gmfn;
	op.source.domid = DOMID_SELF;
	op.dest.u.ref = from.u.ref;
	op.dest.domid = from.domid;
	op.flags = GNTCOPY_dest_gref;
	return op;
}

static void copies(const struct neighbour *n)
{
	gnttab_copy_t op = from_grant(n, READ_ONLY, 0, PAGE_SIZE);

	expect("a copy of what may be read", copy(&op), GNTST_okay);
	expect("is here", mine[100], 0x21);
	op = to_grant(n, READ_ONLY, 0, 8);
	expect("a copy to it", copy(&op), GNTST_general_error);
	mine[9] = 0x42;
	op = to_grant(n, SHARED, 8, 8);
	expect("to what may be written", copy(&op), GNTST_okay);
	op = from_grant(n, SHARED, 0, 16);
	expect("and back", copy(&op), GNTST_okay);
	expect("is the same", mine[9], 0x42);
	op.dest = op.source;
	op.dest.offset = 2048;
	op.flags |= GNTCOPY_dest_gref;
	expect("from one grant to another", copy(&op), GNTST_okay);
	op = from_grant(n, A_TABLE, 0, 8);
	expect("from a page table that is granted", copy(&op), GNTST_okay);
	op = to_grant(n, A_TABLE, 0, 8);
	expect("to it", copy(&op), GNTST_general_error);
}

static void refusals(const struct neighbour *n)
{
	gnttab_copy_t op = from_grant(n, SHARED, 4000, 97);

	expect("a copy beyond the page", copy(&op), GNTST_bad_copy_arg);
	op = from_grant(n, SHARED, UINT16_MAX, UINT16_MAX);
	expect("or far beyond", copy(&op), GNTST_bad_copy_arg);
	op = from_grant(n, NOBODYS, 0, 8);
	expect("of what is granted to another", copy(&op), GNTST_general_error);
	op = from_grant(n, UINT32_MAX, 0, 8);
	expect("of what is beyond the table", copy(&op), GNTST_bad_gntref);
	op = from_grant(n, SHARED, 0, 8);
	op.source.domid = NOBODY;
	expect("from nobody", copy(&op), GNTST_bad_domain);
	op.source.domid = n->peer;
	op.flags = 0;
	expect("of the other's without a grant", copy(&op),
	       GNTST_permission_denied);
	op.source.domid = DOMID_SELF;
	op.source.u.gmfn = 0;
	expect("of a frame that is not ours", copy(&op), GNTST_bad_page);
	op.source.u.gmfn = UINT64_MAX;
	expect("or of none", copy(&op), GNTST_bad_page);
	op.source.u.gmfn = mfn_at(&n->pv, (const void *)mine);
	op.dest.u.gmfn = mfn_at(&n->pv, n->pv.root);
	expect("onto our own page table", copy(&op), GNTST_general_error);
	op.dest.u.gmfn = n->pv.start->shared_info >> PAGE_SHIFT;
	expect("onto what the hypervisor lent", copy(&op), GNTST_general_error);
}

static int64_t version(uint32_t nr)
{
	struct gnttab_set_version op = {.version = nr};

	return grant_op(GNTTABOP_set_version, &op);
}

/* Version 2's entry, by the same frame of the table. */
static void grant_part(const struct neighbour *n,
		       volatile grant_entry_v2_t *table)
{
	table[PART].sub_page.page_off = PART_OFFSET;
	table[PART].sub_page.length = PART_LENGTH;
	table[PART].sub_page.frame = mfn_at(&n->pv, (const void *)theirs);
	table[PART].hdr.domid = n->peer;
	__atomic_store_n(&table[PART].hdr.flags,
			 GTF_permit_access | GTF_sub_page, __ATOMIC_SEQ_CST);
}

static void parts(const struct neighbour *n)
{
	struct mapping m;
	gnttab_copy_t op = from_grant(n, PART, PART_OFFSET, PART_LENGTH);

	expect("a copy of a part", copy(&op), GNTST_okay);
	expect("which is here", mine[PART_OFFSET], 0x33);
	op = from_grant(n, PART, PART_OFFSET, PART_LENGTH + 1);
	expect("and of one byte more", copy(&op), GNTST_general_error);
	op = from_grant(n, PART, PART_OFFSET - 1, PART_LENGTH);
	expect("or one before", copy(&op), GNTST_general_error);
	op = to_grant(n, PART, PART_OFFSET + 1, PART_LENGTH - 1);
	expect("to the part", copy(&op), GNTST_okay);
	expect("mapping all of the page",
	       map(n, PART, GNTMAP_host_map | GNTMAP_readonly, mine, &m),
	       GNTST_general_error);
}

void check_copies(struct neighbour *n)
{
	volatile grant_entry_v2_t *table = grant_table_v2();
	const uint64_t frame = mfn_at(&n->pv, (const void *)theirs);

	for_reading[100] = 0x21;
	theirs[PART_OFFSET] = 0x33;
	grant(n, SHARED, GTF_permit_access, frame);
	grant(n, READ_ONLY, GTF_permit_access | GTF_readonly,
	      mfn_at(&n->pv, (const void *)for_reading));
	grant(n, A_TABLE, GTF_permit_access, mfn_at(&n->pv, n->pv.root));
	grant(n, NOBODYS, GTF_permit_access, frame);
	grant_to(NOBODYS, NOBODY);
	step(n);
	copies(n);
	refusals(n);
	step(n);
	expect("the other's copy is seen", theirs[9], 0x42);
	expect("no marks are left", grant_flags(SHARED), GTF_permit_access);
	expect("version 2", version(2), 0);
	grant_part(n, table);
	step(n);
	parts(n);
	step(n);
	expect("the version goes back", version(1), 0);
}
