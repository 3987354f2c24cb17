/* SPDX-License-Identifier: MIT */
/*
 * The place of a vCPU's state. A kernel gives one to each vCPU before that
 * comes up, and does it from the vCPU that it runs on.
 */
#include "kernels/vcpus/vcpus.h"

#define PLACE 192 /* in its page: not the first */
#define NO_FRAME ((UINT64_C(1) << 40) - 1)

static uint8_t page[PAGE_SIZE] __attribute__((aligned(4096)));
static bool moved;

volatile struct vcpu_info *info_of(unsigned int id)
{
	return id == 1 && moved
		       ? (volatile struct vcpu_info *)(void *)(page + PLACE)
		       : &pv.shared->vcpu_info[id];
}

void forget(evtchn_port_t port, unsigned int id)
{
	clear_pending(&pv, port);
	info_of(id)->evtchn_pending_sel = 0;
	info_of(id)->evtchn_upcall_pending = 0;
}

static int64_t place(unsigned int id, uint64_t frame, uint32_t offset)
{
	struct vcpu_register_vcpu_info op = {.mfn = frame, .offset = offset};

	return vcpu_op_on(VCPUOP_register_vcpu_info, id, &op);
}

void check_info_refused(void)
{
	const uint64_t frame = mfn_at(&pv, page);

	expect("a place for the state of one that there is not",
	       place(2, frame, PLACE), -XEN_ENOENT);
	expect("one that cannot be read",
	       vcpu_op_on(VCPUOP_register_vcpu_info, 1, NULL), -XEN_EFAULT);
	expect("one that ends beyond its page",
	       place(1, frame, PAGE_SIZE - sizeof(struct vcpu_info) + 8),
	       -XEN_ENXIO);
	expect("one that is not aligned", place(1, frame, PLACE + 4),
	       -XEN_ENXIO);
	expect("in a page table", place(1, mfn_at(&pv, pv.root), PLACE),
	       -XEN_EINVAL);
	expect("in no frame", place(1, NO_FRAME, PLACE), -XEN_EINVAL);
}

static int64_t pin_l1(uint64_t frame)
{
	struct mmuext_op op = {.cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = frame};

	return hypercall(__HYPERVISOR_mmuext_op, (uintptr_t)&op, 1, 0,
			 DOMID_SELF, 0);
}

/* The hypervisor writes there from now on, so it must stay a page of data. */
static void is_no_table(uint64_t frame)
{
	map_page(page, frame << PAGE_SHIFT | MAP_RO);
	expect_true("the page is no table while it is there",
		    pin_l1(frame) < 0);
	map_page(page, frame << PAGE_SHIFT | MAP_RW);
}

void check_info_moves(void)
{
	const uint64_t frame = mfn_at(&pv, page);

	pv.shared->vcpu_info[1].evtchn_pending_sel = 0;
	pv.shared->vcpu_info[1].evtchn_upcall_pending = 0;
	expect("a place for the state of one that is down",
	       place(1, frame, PLACE), 0);
	moved = true;
	expect("has what was in the old one", info_of(1)->evtchn_upcall_mask,
	       1);
	expect("and says that anything may have happened",
	       info_of(1)->evtchn_upcall_pending != 0 &&
		       info_of(1)->evtchn_pending_sel == UINT64_MAX,
	       1);
	expect("it is given once", place(1, frame, 0), -XEN_EINVAL);
	is_no_table(frame);
	info_of(1)->evtchn_pending_sel = 0;
	info_of(1)->evtchn_upcall_pending = 0;
}
