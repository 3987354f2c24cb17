/* SPDX-License-Identifier: MIT */
/*
 * Requests: their structures in 32-bit form, and the addresses that they name.
 * The guest's end is at 0xf5800000; what begins there, ends beyond it or wraps
 * at 4 GiB is none of its memory.
 */
#include "kernels/narrow/narrow.h"

#define END 0xf5800000u

static int64_t write_from(uint32_t address, uint32_t nr)
{
	return hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, nr, address,
			 0, 0);
}

static void test_addresses(void)
{
	static const uint32_t bad[] = {
		END, END - 4, 0xf6800000u, 0xffe00000u, 0xfffffff0u, 0,
	};

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		expect("console_io from where no memory is",
		       write_from(bad[i], 64), -XEN_EFAULT);
		expect("memory_map to there",
		       hypercall(__HYPERVISOR_memory_op, XENMEM_memory_map,
				 bad[i], 0, 0, 0),
		       -XEN_EFAULT);
		expect("a list of operations from there",
		       hypercall(__HYPERVISOR_mmuext_op, bad[i], 1, 0,
				 DOMID_SELF, 0),
		       -XEN_EFAULT);
		expect("a list of updates from there",
		       hypercall(__HYPERVISOR_mmu_update, bad[i], 1, 0,
				 DOMID_SELF, 0),
		       -XEN_EFAULT);
		expect("a multicall from there",
		       hypercall(__HYPERVISOR_multicall, bad[i], 1, 0, 0, 0),
		       -XEN_EFAULT);
	}
}

static void test_multicall(void)
{
	multicall_entry_t call[2] = {
		{.op = __HYPERVISOR_xen_version, .args = {XENVER_version}},
		{.op = 63},
	};

	expect("multicall",
	       hypercall(__HYPERVISOR_multicall, (uint32_t)call, 2, 0, 0, 0),
	       0);
	expect("the first's result", (int32_t)call[0].result, 4 << 16 | 17);
	expect("the second's", (int32_t)call[1].result, -XEN_ENOSYS);
}

static void test_memory(void)
{
	struct xen_machphys_mapping map;
	struct xen_memory_reservation r = {.domid = DOMID_SELF};
	domid_t self = DOMID_SELF;
	xen_pfn_t frame = 0;

	expect("machphys_mapping",
	       hypercall(__HYPERVISOR_memory_op, XENMEM_machphys_mapping,
			 (uint32_t)&map, 0, 0, 0),
	       0);
	expect("begins at the guest's end", map.v_start == END, 1);
	expect("current_reservation",
	       hypercall(__HYPERVISOR_memory_op, XENMEM_current_reservation,
			 (uint32_t)&self, 0, 0, 0),
	       (int32_t)pv.start->nr_pages);
	set_xen_guest_handle(r.extent_start, &frame);
	r.nr_extents = 1;
	frame = 0xffffffffu;
	expect("a frame that there is not is not given back",
	       hypercall(__HYPERVISOR_memory_op, XENMEM_decrease_reservation,
			 (uint32_t)&r, 0, 0, 0),
	       0);
	r.extent_order = 9;
	r.nr_extents = 0xffffffffu;
	expect("nor more of them than can be counted",
	       hypercall(__HYPERVISOR_memory_op, XENMEM_populate_physmap,
			 (uint32_t)&r, 0, 0, 0),
	       0);
}

static void test_numbers(void)
{
	expect("no such hypercall", hypercall(64, 0, 0, 0, 0, 0), -XEN_ENOSYS);
	expect("nor a negative one", hypercall(0xffffffffu, 0, 0, 0, 0, 0),
	       -XEN_ENOSYS);
	expect("segment bases are the descriptors'",
	       hypercall(__HYPERVISOR_set_segment_base, 0, 0, 0, 0, 0),
	       -XEN_ENOSYS);
}

void test_requests(void)
{
	test_numbers();
	test_addresses();
	test_multicall();
	test_memory();
}
