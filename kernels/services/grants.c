/* SPDX-License-Identifier: MIT */
/* The grant table: growing, both versions, and grants to oneself. */
#include "kernels/services/services.h"

#define REF 9
/* Slots of the L4 that nothing uses. */
#define LINEAR_SLOT 300
#define SPARE_SLOT 301

/* Frames that others write, or that are written at another address. */
static volatile grant_entry_v1_t table[512] __attribute__((aligned(4096)));
static volatile uint8_t granted[PAGE_SIZE] __attribute__((aligned(4096)));
static volatile uint8_t window[PAGE_SIZE] __attribute__((aligned(4096)));

static void sizes(void)
{
	gnttab_query_size_t size = {.dom = DOMID_SELF};
	gnttab_setup_table_t setup = {.dom = DOMID_SELF, .nr_frames = 2};
	uint64_t frames[33] = {0};

	set_xen_guest_handle(setup.frame_list, frames);
	expect("the table's size", grant_op(GNTTABOP_query_size, &size), 0);
	expect("is one frame at first", size.nr_frames, 1);
	expect("growing it", grant_op(GNTTABOP_setup_table, &setup), 0);
	expect("succeeds", setup.status, GNTST_okay);
	expect("mapping its first frame",
	       map_page((const void *)table, frames[0] << PAGE_SHIFT | MAP_RW),
	       0);
	expect("entry 0 grants the console's page",
	       table[GNTTAB_RESERVED_CONSOLE].flags, GTF_permit_access);
	setup.nr_frames = 33;
	expect("growing it too far", grant_op(GNTTABOP_setup_table, &setup), 0);
	expect("fails", setup.status, GNTST_general_error);
	setup.dom = 99;
	expect("another domain's", grant_op(GNTTABOP_setup_table, &setup), 0);
	expect("is not to be had", setup.status, GNTST_bad_domain);
}

static void own_grants(const struct pv *s, domid_t domid)
{
	gnttab_map_grant_ref_t map = {
		.host_addr = (uintptr_t)window,
		.flags = GNTMAP_host_map,
		.ref = REF,
		.dom = domid,
	};
	gnttab_unmap_grant_ref_t end = {.host_addr = (uintptr_t)window};
	struct gnttab_set_version version = {.version = 2};
	uint64_t before = *entry_of(s, (const void *)window);

	table[REF] = (grant_entry_v1_t){
		.flags = GTF_permit_access | GTF_readonly,
		.domid = domid,
		.frame = (uint32_t)mfn_at(s, (const void *)granted),
	};
	expect("mapping a grant", grant_op(GNTTABOP_map_grant_ref, &map), 0);
	expect("that is for reading only", map.status, GNTST_general_error);
	table[REF].flags = GTF_permit_access;
	expect("mapping one for writing",
	       grant_op(GNTTABOP_map_grant_ref, &map), 0);
	expect("succeeds", map.status, GNTST_okay);
	window[7] = 42;
	expect("and maps the frame", granted[7], 42);
	expect("which is marked as used", table[REF].flags,
	       GTF_permit_access | GTF_reading | GTF_writing);
	expect("changing the version", grant_op(GNTTABOP_set_version, &version),
	       -XEN_EBUSY);
	end.handle = map.handle + 1;
	expect("unmapping", grant_op(GNTTABOP_unmap_grant_ref, &end), 0);
	expect("by a wrong handle", end.status, GNTST_bad_handle);
	end.handle = map.handle;
	expect("unmapping", grant_op(GNTTABOP_unmap_grant_ref, &end), 0);
	expect("by the right one", end.status, GNTST_okay);
	expect("leaves nothing there",
	       probe_read((uintptr_t)window, NULL, NULL), 14);
	expect("and no marks", table[REF].flags, GTF_permit_access);
	expect("the page that was there before",
	       map_page((const void *)window, before), 0);
}

/* Mappings that there are not, and what is no grant. */
static void no_grants(const struct pv *s, domid_t domid)
{
	gnttab_map_grant_ref_t map = {
		.host_addr = (uintptr_t)window,
		.ref = REF,
		.dom = domid,
	};
	gnttab_unmap_grant_ref_t end = {.handle = UINT32_MAX};

	expect("mapping", grant_op(GNTTABOP_map_grant_ref, &map), 0);
	expect("in no way at all", map.status, GNTST_bad_gntref);
	map.flags = GNTMAP_device_map;
	map.ref = UINT32_MAX;
	expect("mapping", grant_op(GNTTABOP_map_grant_ref, &map), 0);
	expect("far beyond the table", map.status, GNTST_bad_gntref);
	map.ref = REF;
	table[REF].frame = 0;
	expect("mapping", grant_op(GNTTABOP_map_grant_ref, &map), 0);
	expect("a frame that is not the granter's", map.status, GNTST_bad_page);
	table[REF].frame = (uint32_t)mfn_at(s, (const void *)granted);
	expect("unmapping", grant_op(GNTTABOP_unmap_grant_ref, &end), 0);
	expect("what no handle can be", end.status, GNTST_bad_handle);
	expect("for a device", grant_op(GNTTABOP_map_grant_ref, &map), 0);
	expect("it is mapped", map.status, GNTST_okay);
	end.handle = map.handle;
	end.dev_bus_addr = map.dev_bus_addr + PAGE_SIZE;
	expect("unmapping", grant_op(GNTTABOP_unmap_grant_ref, &end), 0);
	expect("another device address", end.status, GNTST_general_error);
	end.dev_bus_addr = map.dev_bus_addr;
	expect("unmapping", grant_op(GNTTABOP_unmap_grant_ref, &end), 0);
	expect("that one", end.status, GNTST_okay);
}

static int64_t set_l4(const struct pv *s, unsigned int slot, uint64_t e)
{
	struct mmu_update u = {
		.ptr = (mfn_at(s, s->root) << PAGE_SHIFT) + slot * sizeof(e),
		.val = e,
	};

	return hypercall(__HYPERVISOR_mmu_update, (uintptr_t)&u, 1, 0,
			 DOMID_SELF, 0);
}

/* The address of an entry of the L4, seen through a linear mapping of it. */
static uint64_t through(unsigned int linear, unsigned int slot)
{
	uint64_t va = (UINT64_C(0xffff) << 48) | (uint64_t)slot << pt_shift(1);

	for (unsigned int level = 2; level <= 4; level++) {
		va |= (uint64_t)linear << pt_shift(level);
	}
	return va;
}

/*
 * Where the walk of an address ends in a higher table, no grant is mapped. The
 * frame would do as an L3: nothing uses it, and it is empty.
 */
static void grants_into_higher_tables(const struct pv *s, domid_t domid)
{
	const uint64_t l4 = mfn_at(s, s->root);
	gnttab_map_grant_ref_t map = {
		.host_addr = through(LINEAR_SLOT, SPARE_SLOT),
		.flags = GNTMAP_host_map | GNTMAP_readonly,
		.ref = REF,
		.dom = domid,
	};

	table[REF] = (grant_entry_v1_t){
		.flags = GTF_permit_access,
		.domid = domid,
		.frame = (uint32_t)s->p2m[s->start->nr_pages - 1],
	};
	expect("a linear mapping",
	       set_l4(s, LINEAR_SLOT, l4 << PAGE_SHIFT | MAP_RO), 0);
	expect("mapping a grant through it",
	       grant_op(GNTTABOP_map_grant_ref, &map), 0);
	expect("fails", map.status, GNTST_general_error);
	map.host_addr = (l4 << PAGE_SHIFT) + SPARE_SLOT * sizeof(uint64_t);
	map.flags |= GNTMAP_contains_pte;
	expect("mapping it in the L4's own entry",
	       grant_op(GNTTABOP_map_grant_ref, &map), 0);
	expect("fails, too", map.status, GNTST_general_error);
	expect("the entry is empty", (int64_t)s->root[SPARE_SLOT].v, 0);
	expect("the grant is not in use", table[REF].flags, GTF_permit_access);
	expect("no linear mapping", set_l4(s, LINEAR_SLOT, 0), 0);
}

static void versions(void)
{
	struct gnttab_set_version version = {.version = 3};
	gnttab_get_version_t get = {.dom = DOMID_SELF};
	gnttab_get_status_frames_t status = {.dom = DOMID_SELF, .nr_frames = 1};
	uint64_t frame = 0;

	set_xen_guest_handle(status.frame_list, &frame);
	expect("version 3", grant_op(GNTTABOP_set_version, &version),
	       -XEN_EINVAL);
	expect("is none", version.version, 1);
	expect("status frames", grant_op(GNTTABOP_get_status_frames, &status),
	       0);
	expect("there are not in version 1", status.status,
	       GNTST_general_error);
	version.version = 2;
	expect("version 2", grant_op(GNTTABOP_set_version, &version), 0);
	expect("is known", grant_op(GNTTABOP_get_version, &get), 0);
	expect("then", get.version, 2);
	expect("status frames", grant_op(GNTTABOP_get_status_frames, &status),
	       0);
	expect("there are", status.status, GNTST_okay);
	version.version = 1;
	expect("version 1 again", grant_op(GNTTABOP_set_version, &version), 0);
	expect("keeps entry 0", table[GNTTAB_RESERVED_CONSOLE].flags,
	       GTF_permit_access);
}

void check_grants(const struct pv *s)
{
	const domid_t self = own_number();

	sizes();
	own_grants(s, self);
	no_grants(s, self);
	grants_into_higher_tables(s, self);
	versions();
}
