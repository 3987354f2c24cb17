/* SPDX-License-Identifier: MIT */
/* Requests that go past the library, one at a time. */
#include "kernels/reference/reference.h"

int64_t ask_mapping(uint64_t va, uint64_t entry)
{
	xen_ulong_t args[4];

	xen_mapping_args(args, va, entry, UVMF_INVLPG);
	return hypercall(__HYPERVISOR_update_va_mapping, args[0], args[1],
			 args[2], args[3], 0);
}

int64_t ask_update(uint64_t ptr, uint64_t value)
{
	struct mmu_update u = {.ptr = ptr, .val = value};

	return hypercall(__HYPERVISOR_mmu_update, (uintptr_t)&u, 1, 0,
			 DOMID_SELF, 0);
}

int64_t ask_extended(unsigned int command, uint64_t arg1)
{
	struct mmuext_op op = {.cmd = command};

	op.arg1.linear_addr = (xen_ulong_t)arg1;
	return hypercall(__HYPERVISOR_mmuext_op, (uintptr_t)&op, 1, 0,
			 DOMID_SELF, 0);
}
