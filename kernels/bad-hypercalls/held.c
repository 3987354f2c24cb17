/* SPDX-License-Identifier: MIT */
/*
 * Frames that are kept by what is in no page table: the hypervisor must say
 * by what, when it refuses to have them otherwise (end=held). Each request is
 * refused, and says in its report what the line before it says.
 */
#include "kernels/bad-hypercalls/bad.h"

#include "abi/xen.h"

#define REF 9
#define OWN_DOMID 1 /* the first domain's */
#define DATA_SEGMENT UINT64_C(0x00cff3000000ffff)
#define LDT_SELECTOR 7 /* its first descriptor, ring 3 */

static uint8_t gdt[PAGE_SIZE] __attribute__((aligned(4096)));
static uint64_t ldt[PAGE_SIZE / 8] __attribute__((aligned(4096)));
static uint8_t info[PAGE_SIZE] __attribute__((aligned(4096)));
static uint8_t given[PAGE_SIZE] __attribute__((aligned(4096)));
static uint8_t granted[PAGE_SIZE] __attribute__((aligned(4096)));
static uint8_t window[PAGE_SIZE] __attribute__((aligned(4096)));
static volatile grant_entry_v1_t table[512] __attribute__((aligned(4096)));

static int64_t pin_l1(uint64_t frame)
{
	return mmuext(MMUEXT_PIN_L1_TABLE, frame, 0);
}

static void descriptors(const struct bad *b)
{
	uint64_t frame = mfn_at(b, gdt);

	expect("read-only", remap(b, gdt, MAP_RO), 0);
	expect("a GDT",
	       hypercall(__HYPERVISOR_set_gdt, (uintptr_t)&frame, 512, 0, 0, 0),
	       0);
	expect("GDT page 0 of vcpu 0", remap(b, gdt, MAP_RW), -XEN_EBUSY);
	ldt[0] = DATA_SEGMENT;
	expect("read-only", remap(b, ldt, MAP_RO), 0);
	expect("an LDT", mmuext(MMUEXT_SET_LDT, (uintptr_t)ldt, 512), 0);
	__asm__ volatile("mov %0, %%fs" : : "r"((uint16_t)LDT_SELECTOR));
	expect("LDT page 0 of vcpu 0", pin_l1(mfn_at(b, ldt)), -XEN_EINVAL);
}

static void roots(const struct bad *b)
{
	const uint64_t l4 = mfn_at(b, b->l4);

	expect("a user root", mmuext(MMUEXT_NEW_USER_BASEPTR, l4, 0), 0);
	expect("kernel root and user root of vcpu 0", pin_l1(l4), -XEN_EINVAL);
}

static void pages_of_the_hypervisor(const struct bad *b)
{
	struct vcpu_register_vcpu_info to = {.mfn = mfn_at(b, info)};

	expect("a page for vcpu_info",
	       hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0,
			 (uintptr_t)&to, 0, 0),
	       0);
	expect("vcpu_info of vcpu 0", pin_l1(to.mfn), -XEN_EINVAL);
	expect("console ring", pin_l1(b->start->console.domU.mfn), -XEN_EINVAL);
	expect("store ring", pin_l1(b->start->store_mfn), -XEN_EINVAL);
}

static int64_t grant_op(unsigned int cmd, void *op)
{
	return hypercall(__HYPERVISOR_grant_table_op, cmd, (uintptr_t)op, 1, 0,
			 0);
}

static void grants(const struct bad *b)
{
	gnttab_setup_table_t setup = {.dom = DOMID_SELF, .nr_frames = 1};
	gnttab_map_grant_ref_t map = {
		.host_addr = (uintptr_t)window,
		.flags = GNTMAP_host_map,
		.ref = REF,
		.dom = OWN_DOMID,
	};
	uint64_t frame = 0;

	set_xen_guest_handle(setup.frame_list, &frame);
	expect("the grant table", grant_op(GNTTABOP_setup_table, &setup), 0);
	expect("is mapped",
	       hypercall(__HYPERVISOR_update_va_mapping, (uintptr_t)table,
			 frame << PAGE_SHIFT | MAP_RW, UVMF_INVLPG, 0, 0),
	       0);
	table[REF] = (grant_entry_v1_t){
		.flags = GTF_permit_access,
		.domid = OWN_DOMID,
		.frame = (uint32_t)mfn_at(b, granted),
	};
	expect("a grant", grant_op(GNTTABOP_map_grant_ref, &map), 0);
	expect("mapped", map.status, GNTST_okay);
	expect("grant and mapping of a grant", pin_l1(mfn_at(b, granted)),
	       -XEN_EINVAL);
}

static int64_t reserve(unsigned int op, uint64_t *frame)
{
	xen_memory_reservation_t r = {.nr_extents = 1, .domid = DOMID_SELF};

	set_xen_guest_handle(r.extent_start, frame);
	return hypercall(__HYPERVISOR_memory_op, op, (uintptr_t)&r, 0, 0, 0);
}

/* Given back, and yet not gone: its pin keeps it, and what it is. */
static void given_back(const struct bad *b)
{
	uint64_t frame = mfn_at(b, given);

	expect("read-only", remap(b, given, MAP_RO), 0);
	expect("a table", pin_l1(frame), 0);
	expect("given back", reserve(XENMEM_decrease_reservation, &frame), 1);
	expect("the frame was given back while it is pinned",
	       remap(b, given, MAP_RW), -XEN_EBUSY);
	expect("it goes with its last mapping",
	       hypercall(__HYPERVISOR_update_va_mapping, (uintptr_t)given, 0,
			 UVMF_INVLPG, 0, 0),
	       0);
	expect("and its pin", mmuext(MMUEXT_UNPIN_TABLE, frame, 0), 0);
}

static int64_t map_window(uint64_t entry)
{
	return hypercall(__HYPERVISOR_update_va_mapping, (uintptr_t)window,
			 entry, UVMF_INVLPG, 0, 0);
}

/* end=life: all that can happen to a frame, from its coming to its going. */
void live_and_die(const struct bad *b)
{
	uint64_t frame = mfn_at(b, window);
	uint64_t at;

	expect("room for a frame", map_window(0), 0);
	expect("is made", reserve(XENMEM_decrease_reservation, &frame), 1);
	expect("a frame comes", reserve(XENMEM_increase_reservation, &frame),
	       1);
	at = frame << PAGE_SHIFT;
	expect("is mapped", map_window(at | MAP_RW), 0);
	memset(window, 0, PAGE_SIZE);
	expect("is mapped read-only", map_window(at | MAP_RO), 0);
	expect("is pinned", pin_l1(frame), 0);
	expect("and unpinned", mmuext(MMUEXT_UNPIN_TABLE, frame, 0), 0);
	expect("is a GDT",
	       hypercall(__HYPERVISOR_set_gdt, (uintptr_t)&frame, 512, 0, 0, 0),
	       0);
	expect("and none", hypercall(__HYPERVISOR_set_gdt, 0, 0, 0, 0, 0), 0);
	expect("is unmapped", map_window(0), 0);
	expect("goes", reserve(XENMEM_decrease_reservation, &frame), 1);
	expect("and is refused", map_window(at | MAP_RO) < 0, 1);
}

/* end=breakpoint: one of its own, and then a request that is refused. */
void set_breakpoint(const struct bad *b)
{
	expect("a watchpoint",
	       hypercall(__HYPERVISOR_set_debugreg, 0, (uintptr_t)page_b, 0, 0,
			 0),
	       0);
	expect("that is on",
	       hypercall(__HYPERVISOR_set_debugreg, 7, 0xd0402, 0, 0, 0), 0);
	expect("a refusal", pin_l1(mfn_at(b, page_a)), -XEN_EINVAL);
}

void hold_frames(const struct bad *b)
{
	descriptors(b);
	roots(b);
	pages_of_the_hypervisor(b);
	grants(b);
	given_back(b);
}
