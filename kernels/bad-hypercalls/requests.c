/* SPDX-License-Identifier: MIT */
/*
 * Requests that are wrong before it matters what they ask for: numbers that do
 * not exist, memory that is not the guest's, domains that are not there.
 */
#include "kernels/bad-hypercalls/bad.h"

#define OTHER_DOMAIN 77

static void numbers(void)
{
	expect("a hypercall that does not exist", hypercall(63, 0, 0, 0, 0, 0),
	       -XEN_ENOSYS);
	expect("a hypercall far beyond the table",
	       hypercall(UINT32_MAX, 0, 0, 0, 0, 0), -XEN_ENOSYS);
	expect("no such mmuext_op", mmuext(99, 0, 0), -XEN_ENOSYS);
	expect("no such kind of mmu_update", update(7, 0), -XEN_ENOSYS);
	expect("mark_super", mmuext(MMUEXT_MARK_SUPER, 0, 0), -XEN_EOPNOTSUPP);
	expect("no such memory_op",
	       hypercall(__HYPERVISOR_memory_op, 60, 0, 0, 0, 0), -XEN_ENOSYS);
}

static void pointers(void)
{
	static const struct {
		const char *what;
		uint64_t address;
	} bad[] = {
		{"in the hypervisor's image", HYPERVISOR_IMAGE},
		{"in the hypervisor's direct map", HYPERVISOR_MAP},
		{"in the hypervisor's GDT", HYPERVISOR_GDT},
		{"not canonical", NOT_CANONICAL},
		{"not mapped", NOT_MAPPED},
		{"at the end of the lower half", 0x00007ffffffffff8},
		{"at the end of memory", UINT64_MAX - 7},
	};

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		say("# requests %s", bad[i].what);
		expect("mmu_update",
		       hypercall(__HYPERVISOR_mmu_update, bad[i].address, 1, 0,
				 DOMID_SELF, 0),
		       -XEN_EFAULT);
		expect("mmuext_op",
		       hypercall(__HYPERVISOR_mmuext_op, bad[i].address, 1, 0,
				 DOMID_SELF, 0),
		       -XEN_EFAULT);
		expect("multicall",
		       hypercall(__HYPERVISOR_multicall, bad[i].address, 1, 0,
				 0, 0),
		       -XEN_EFAULT);
		expect("set_gdt",
		       hypercall(__HYPERVISOR_set_gdt, bad[i].address, 512, 0,
				 0, 0),
		       -XEN_EFAULT);
		expect("set_trap_table",
		       hypercall(__HYPERVISOR_set_trap_table, bad[i].address, 0,
				 0, 0, 0),
		       -XEN_EFAULT);
		expect("callback_op",
		       hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register,
				 bad[i].address, 0, 0, 0),
		       -XEN_EFAULT);
		expect("event_channel_op",
		       hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send,
				 bad[i].address, 0, 0, 0),
		       -XEN_EFAULT);
		expect("console_io",
		       hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, 16,
				 bad[i].address, 0, 0),
		       -XEN_EFAULT);
		expect("memory_op",
		       hypercall(__HYPERVISOR_memory_op,
				 XENMEM_maximum_reservation, bad[i].address, 0,
				 0, 0),
		       -XEN_EFAULT);
	}
}

static void domains(const struct bad *b)
{
	struct mmu_update req = {
		.ptr = mfn_at(b, page_a) << PAGE_SHIFT,
	};
	struct mmuext_op op = {.cmd = MMUEXT_TLB_FLUSH_LOCAL};

	expect("mmu_update for a domain that is not there",
	       hypercall(__HYPERVISOR_mmu_update, (uintptr_t)&req, 1, 0,
			 OTHER_DOMAIN, 0),
	       -XEN_ESRCH);
	expect("mmuext_op for a domain that is not there",
	       hypercall(__HYPERVISOR_mmuext_op, (uintptr_t)&op, 1, 0,
			 OTHER_DOMAIN, 0),
	       -XEN_ESRCH);
}

static void batches(void)
{
	struct multicall_entry call[2] = {
		{.op = __HYPERVISOR_multicall},
		{.op = 62},
	};

	expect("an empty mmu_update",
	       hypercall(__HYPERVISOR_mmu_update, (uintptr_t)call, 0, 0,
			 DOMID_SELF, 0),
	       0);
	expect("a multicall with bad entries",
	       hypercall(__HYPERVISOR_multicall, (uintptr_t)call, 2, 0, 0, 0),
	       0);
	expect("its multicall inside", (int64_t)call[0].result, -XEN_EINVAL);
	expect("its unknown number", (int64_t)call[1].result, -XEN_ENOSYS);
}

/* The first of two is done, and only it is counted as done. */
static void half_done(const struct bad *b)
{
	uint64_t at = mfn_at(b, page_a) << PAGE_SHIFT;
	struct mmu_update req[2] = {
		{.ptr = at, .val = 0x1234},
		{.ptr = at | 7, .val = 0x5678},
	};
	uint32_t done = 99;

	expect("a batch whose second request is bad",
	       hypercall(__HYPERVISOR_mmu_update, (uintptr_t)req, 2,
			 (uintptr_t)&done, DOMID_SELF, 0),
	       -XEN_ENOSYS);
	expect("one of it is done", done, 1);
	expect("and written", (int64_t) * (uint64_t *)page_a, 0x1234);
}

void check_requests(const struct bad *b)
{
	numbers();
	pointers();
	domains(b);
	batches();
	half_done(b);
}
