/* SPDX-License-Identifier: MIT */
/*
 * Frames granted from one domain to the other: mapped as the grant allows, not
 * otherwise, by nobody else, and gone when it is undone.
 */
#include "kernels/neighbours/neighbours.h"

#define NOTHING 9 /* an entry that is never filled in */
#define SHARED 10
#define READ_ONLY 11
#define NOBODYS 12
#define NOT_MINE 13
#define A_TABLE 14
#define LENT 15
#define TRANSFER 16
#define LEFT 17
#define MAPPINGS 256 /* that a domain may have */

static volatile grant_entry_v1_t table[512] __attribute__((aligned(4096)));
static volatile uint64_t shared[512] __attribute__((aligned(4096)));
static volatile uint64_t read_only[512] __attribute__((aligned(4096)));
static volatile uint64_t window[512] __attribute__((aligned(4096)));
static volatile uint64_t other_window[512] __attribute__((aligned(4096)));
static uint64_t table_frame;

void grant(const struct neighbour *n, uint32_t ref, uint16_t flags,
	   uint64_t frame)
{
	table[ref].domid = n->peer;
	table[ref].frame = (uint32_t)frame;
	__atomic_store_n(&table[ref].flags, flags, __ATOMIC_SEQ_CST);
}

void grant_to(uint32_t ref, domid_t domid)
{
	table[ref].domid = domid;
}

uint16_t grant_flags(uint32_t ref)
{
	return table[ref].flags;
}

volatile grant_entry_v2_t *grant_table_v2(void)
{
	return (volatile grant_entry_v2_t *)(volatile void *)table;
}

int map(const struct neighbour *n, uint32_t ref, uint32_t flags,
	const volatile void *at, struct mapping *ret)
{
	gnttab_map_grant_ref_t op = {
		.host_addr = (uintptr_t)at,
		.flags = flags,
		.ref = ref,
		.dom = n->peer,
	};
	int64_t rc = grant_op(GNTTABOP_map_grant_ref, &op);

	*ret = (struct mapping){.handle = op.handle,
				.address = (uintptr_t)at,
				.frame = op.dev_bus_addr >> PAGE_SHIFT};
	return rc == 0 ? op.status : (int)rc;
}

int unmap(const struct mapping *m)
{
	gnttab_unmap_grant_ref_t op = {.host_addr = m->address,
				       .handle = m->handle};
	int64_t rc = grant_op(GNTTABOP_unmap_grant_ref, &op);

	return rc == 0 ? op.status : (int)rc;
}

/* The page that was at an address before something was mapped over it. */
static void put_back(const struct neighbour *n, const volatile void *page)
{
	expect("the page that was there before",
	       map_page((const void *)page, mfn_at(&n->pv, (const void *)page)
							    << PAGE_SHIFT |
						    MAP_RW),
	       0);
}

void own_table(void)
{
	gnttab_setup_table_t setup = {.dom = DOMID_SELF, .nr_frames = 1};

	set_xen_guest_handle(setup.frame_list, &table_frame);
	expect("the grant table", grant_op(GNTTABOP_setup_table, &setup), 0);
	expect("is mapped",
	       map_page((const void *)table,
			table_frame << PAGE_SHIFT | MAP_RW),
	       0);
}

static void others_table(const struct neighbour *n)
{
	gnttab_setup_table_t setup = {.dom = n->peer, .nr_frames = 1};
	gnttab_query_size_t size = {.dom = n->peer};
	gnttab_get_status_frames_t status = {.dom = n->peer};
	gnttab_get_version_t version = {.dom = n->peer};
	uint64_t frame = 0;

	set_xen_guest_handle(setup.frame_list, &frame);
	grant_op(GNTTABOP_setup_table, &setup);
	expect("the other's grant table", setup.status,
	       GNTST_permission_denied);
	expect("no frame is told of it", (int64_t)frame, 0);
	setup.dom = NOBODY;
	grant_op(GNTTABOP_setup_table, &setup);
	expect("nobody's", setup.status, GNTST_bad_domain);
	grant_op(GNTTABOP_query_size, &size);
	expect("the other's size", size.status, GNTST_permission_denied);
	set_xen_guest_handle(status.frame_list, &frame);
	grant_op(GNTTABOP_get_status_frames, &status);
	expect("its status", status.status, GNTST_permission_denied);
	expect("its version", grant_op(GNTTABOP_get_version, &version),
	       -XEN_EPERM);
}

/* The second may have the first two, and nothing else of these. */
static void make_grants(const struct neighbour *n)
{
	const uint64_t frame = mfn_at(&n->pv, (const void *)shared);

	shared[0] = 0x5a5a;
	read_only[0] = 0x1234;
	grant(n, SHARED, GTF_permit_access, frame);
	grant(n, READ_ONLY, GTF_permit_access | GTF_readonly,
	      mfn_at(&n->pv, (const void *)read_only));
	grant(n, NOBODYS, GTF_permit_access, frame);
	grant_to(NOBODYS, NOBODY);
	grant(n, NOT_MINE, GTF_permit_access, 0);
	grant(n, A_TABLE, GTF_permit_access, mfn_at(&n->pv, n->pv.root));
	grant(n, LENT, GTF_permit_access, table_frame);
	grant(n, TRANSFER, GTF_accept_transfer, frame);
}

static int map_write(const struct neighbour *n, uint32_t ref, struct mapping *m)
{
	return map(n, ref, GNTMAP_host_map, window, m);
}

static int map_read(const struct neighbour *n, uint32_t ref, struct mapping *m)
{
	return map(n, ref, GNTMAP_host_map | GNTMAP_readonly, window, m);
}

static void refused_mappings(const struct neighbour *n)
{
	struct neighbour to = *n;
	struct mapping m;

	expect("mapping what is granted to another", map_read(n, NOBODYS, &m),
	       GNTST_general_error);
	expect("what is no grant", map_read(n, NOTHING, &m),
	       GNTST_general_error);
	expect("what is another kind of it", map_read(n, TRANSFER, &m),
	       GNTST_general_error);
	expect("what is beyond the table", map_read(n, UINT32_MAX, &m),
	       GNTST_bad_gntref);
	expect("what is not the granter's", map_read(n, NOT_MINE, &m),
	       GNTST_bad_page);
	expect("a page table, writable", map_write(n, A_TABLE, &m),
	       GNTST_general_error);
	expect("what the hypervisor lent", map_write(n, LENT, &m),
	       GNTST_general_error);
	expect("even to read", map_read(n, LENT, &m), GNTST_general_error);
	expect("for writing what is for reading", map_write(n, READ_ONLY, &m),
	       GNTST_general_error);
	expect("in no way", map(n, SHARED, GNTMAP_readonly, window, &m),
	       GNTST_bad_gntref);
	expect("where no page table is",
	       map(n, SHARED, GNTMAP_host_map,
		   (const void *)UINT64_C(0x700000000000), &m),
	       GNTST_general_error);
	to.peer = NOBODY;
	expect("of nobody's", map_read(&to, SHARED, &m), GNTST_bad_domain);
	to.peer = DOMID_SELF;
	expect("of what is no number", map_read(&to, SHARED, &m),
	       GNTST_bad_domain);
	window[0] = 1;
	expect("all that leaves the page there alone", (int64_t)window[0], 1);
}

static int64_t pin_l1(uint64_t frame)
{
	struct mmuext_op op = {.cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = frame};

	return hypercall(__HYPERVISOR_mmuext_op, (uintptr_t)&op, 1, 0,
			 DOMID_SELF, 0);
}

static int64_t unpin(uint64_t frame)
{
	struct mmuext_op op = {.cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = frame};

	return hypercall(__HYPERVISOR_mmuext_op, (uintptr_t)&op, 1, 0,
			 DOMID_SELF, 0);
}

/* A frame that one has mapped is not one's own for anything else. */
static void no_other_way_to_it(uint64_t frame)
{
	expect_true("mapping it without the grant",
		    map_page((const void *)other_window,
			     frame << PAGE_SHIFT | MAP_RO) < 0);
	expect_true("or writable", map_page((const void *)other_window,
					    frame << PAGE_SHIFT | MAP_RW) < 0);
	expect("making it a page table", pin_l1(frame), -XEN_EINVAL);
	expect("giving it back",
	       reservation_op(XENMEM_decrease_reservation, &frame, 1), 0);
}

static void read_only_mapping(const struct neighbour *n)
{
	struct mapping m;

	expect("mapping for reading", map_read(n, READ_ONLY, &m), GNTST_okay);
	expect("shows the page", (int64_t)window[0], 0x1234);
	expect("writing there is a fault",
	       probe_write((uintptr_t)window, 1, NULL, NULL), 14);
	expect_true("making the entry writable",
		    map_page((const void *)window,
			     m.frame << PAGE_SHIFT | MAP_RW) < 0);
	no_other_way_to_it(m.frame);
	step(n);
	/* The granter looks. */
	step(n);
	expect("it is mapped still", (int64_t)window[0], 0x1234);
	expect("unmapping", unmap(&m), GNTST_okay);
	expect("nothing is there", probe_read((uintptr_t)window, NULL, NULL),
	       14);
	expect("unmapping again", unmap(&m), GNTST_bad_handle);
	put_back(n, window);
}

/* Two mappings of one grant are two: either goes without the other. */
static void mapped_twice(const struct neighbour *n)
{
	struct mapping m, again;
	uint32_t second;

	expect("mapping it", map_write(n, SHARED, &m), GNTST_okay);
	expect("and once more, elsewhere",
	       map(n, SHARED, GNTMAP_host_map, other_window, &again),
	       GNTST_okay);
	expect_true("has another handle", m.handle != again.handle);
	window[5] = 55;
	expect("and shows the same page", (int64_t)other_window[5], 55);
	expect("unmapping the first", unmap(&m), GNTST_okay);
	expect("takes that away", probe_read((uintptr_t)window, NULL, NULL),
	       14);
	other_window[5] = 56;
	expect("and leaves the second", (int64_t)other_window[5], 56);
	second = again.handle;
	again.handle = m.handle;
	expect("for which the first's handle is none", unmap(&again),
	       GNTST_bad_handle);
	again.handle = second;
	expect("but its own", unmap(&again), GNTST_okay);
	put_back(n, window);
	put_back(n, other_window);
}

/* The other's mapping is not mine to end, whatever its handle's number is. */
static void others_handles(void)
{
	struct mapping m = {.address = (uintptr_t)window};
	unsigned int nr = 0;

	while (m.handle < MAPPINGS && unmap(&m) == GNTST_bad_handle) {
		m.handle++;
		nr++;
	}
	expect("unmapping by handles of the other's", nr, MAPPINGS);
}

static void writable_mapping(const struct neighbour *n)
{
	struct mapping m, wrong;

	expect("mapping for writing", map_write(n, SHARED, &m), GNTST_okay);
	expect("shows the page", (int64_t)window[0], 0x5a5a);
	window[1] = 77;
	wrong = m;
	wrong.address = (uintptr_t)other_window;
	expect("unmapping it elsewhere", unmap(&wrong), GNTST_general_error);
	no_other_way_to_it(m.frame);
	step(n);
	/* The granter looks, ends the grant, and cannot take the page away. */
	step(n);
	window[2] = 78;
	expect("unmapping", unmap(&m), GNTST_okay);
	expect("nothing is there",
	       probe_write((uintptr_t)window, 1, NULL, NULL), 14);
	expect("what has been ended is no grant", map_write(n, SHARED, &wrong),
	       GNTST_general_error);
	put_back(n, window);
	step(n);
}

static void granter_looks(const struct neighbour *n)
{
	struct gnttab_set_version version = {.version = 2};
	const uint64_t frame = mfn_at(&n->pv, (const void *)shared);

	step(n);
	expect("a page that is read is marked so", table[READ_ONLY].flags,
	       GTF_permit_access | GTF_readonly | GTF_reading);
	others_handles();
	expect("the version stays meanwhile",
	       grant_op(GNTTABOP_set_version, &version), -XEN_EBUSY);
	step(n);

	step(n);
	expect("what was read is not marked", table[READ_ONLY].flags,
	       GTF_permit_access | GTF_readonly);
	expect("what is written is", table[SHARED].flags,
	       GTF_permit_access | GTF_reading | GTF_writing);
	expect("the other's write is seen", (int64_t)shared[1], 77);
	__atomic_fetch_and(&table[SHARED].flags, (uint16_t)~GTF_permit_access,
			   __ATOMIC_SEQ_CST);
	expect("a page that another writes",
	       map_page((const void *)shared, frame << PAGE_SHIFT | MAP_RO), 0);
	expect("is no page table", pin_l1(frame), -XEN_EINVAL);
	step(n);
	step(n);
	expect("a write after the end", (int64_t)shared[2], 78);
	expect("and no marks", table[SHARED].flags, 0);
	map_page((const void *)shared, frame << PAGE_SHIFT | MAP_RW);
	for (unsigned int i = 0; i < 512; i++) {
		shared[i] = 0;
	}
	map_page((const void *)shared, frame << PAGE_SHIFT | MAP_RO);
	expect("then it can be a table", pin_l1(frame), 0);
	expect("or not", unpin(frame), 0);
	map_page((const void *)shared, frame << PAGE_SHIFT | MAP_RW);
}

/* As many as there may be, and not one of the granter's is lost by it. */
static void too_many(const struct neighbour *n)
{
	static struct mapping m[MAPPINGS + 1];
	unsigned int nr = 0;
	gnttab_unmap_grant_ref_t op;
	int status;

	/* One more is tried than there can be. */
	for (;;) {
		status = map(n, SHARED, GNTMAP_device_map, NULL, &m[nr]);
		if (status != GNTST_okay || nr == MAPPINGS) {
			break;
		}
		nr++;
	}
	expect("mappings end", status, GNTST_no_space);
	expect("when a domain has so many", nr, MAPPINGS);
	while (nr != 0) {
		op = (gnttab_unmap_grant_ref_t){
			.dev_bus_addr = m[nr - 1].frame << PAGE_SHIFT,
			.handle = m[nr - 1].handle,
		};
		if (grant_op(GNTTABOP_unmap_grant_ref, &op) != 0 ||
		    op.status != GNTST_okay) {
			break;
		}
		nr--;
	}
	expect("all are undone", nr, 0);
}

static void transfers(const struct neighbour *n)
{
	gnttab_transfer_t op = {
		.mfn = mfn_at(&n->pv, (const void *)other_window),
		.domid = n->peer,
		.ref = TRANSFER,
	};

	grant_op(GNTTABOP_transfer, &op);
	expect("giving a page away", op.status, GNTST_permission_denied);
	op.domid = NOBODY;
	grant_op(GNTTABOP_transfer, &op);
	expect("to nobody", op.status, GNTST_bad_domain);
	op.mfn = 0;
	op.domid = n->peer;
	grant_op(GNTTABOP_transfer, &op);
	expect("or one that is not ours", op.status, GNTST_bad_page);
	other_window[0] = 5;
	expect("it is still here", (int64_t)other_window[0], 5);
}

void check_grants(struct neighbour *n)
{
	own_table();
	others_table(n);
	make_grants(n);
	step(n);
	if (n->first) {
		granter_looks(n);
		grant(n, SHARED, GTF_permit_access,
		      mfn_at(&n->pv, (const void *)shared));
	} else {
		refused_mappings(n);
		read_only_mapping(n);
		writable_mapping(n);
	}
	step(n);
	if (!n->first) {
		mapped_twice(n);
		too_many(n);
	}
	transfers(n);
	step(n);
	expect("no mark is left", table[SHARED].flags, GTF_permit_access);
}

/* Each has a page of the other's writable, and the second ends with it. */
void leave_grants(struct neighbour *n)
{
	static struct mapping left;

	for (unsigned int i = 0; i < 512; i++) {
		shared[i] = 0;
	}
	shared[3] = 0x99;
	grant(n, LEFT, GTF_permit_access, mfn_at(&n->pv, (const void *)shared));
	step(n);
	expect("a page to keep", map_write(n, LEFT, &left), GNTST_okay);
	expect("shows what is there", (int64_t)window[3], 0x99);
	step(n);
	n->left = left;
}

void check_grants_end(struct neighbour *n)
{
	const uint64_t frame = mfn_at(&n->pv, (const void *)shared);
	struct mapping m;

	while (table[LEFT].flags != GTF_permit_access) {
		yield();
	}
	shared[3] = 0;
	map_page((const void *)shared, frame << PAGE_SHIFT | MAP_RO);
	expect("a page that a dead domain wrote is a table", pin_l1(frame), 0);
	expect("or not", unpin(frame), 0);
	expect("the dead one's page is there while it is mapped",
	       (int64_t)window[3], 0x99);
	window[3] = 0x98;
	expect("and can be written", (int64_t)window[3], 0x98);
	expect("nothing else of it can be mapped",
	       map(n, SHARED, GNTMAP_host_map, other_window, &m),
	       GNTST_bad_domain);
	expect("until it is unmapped", unmap(&n->left), GNTST_okay);
	expect("and is gone", probe_read((uintptr_t)window, NULL, NULL), 14);
}
