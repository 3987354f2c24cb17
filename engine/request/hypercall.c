/* SPDX-License-Identifier: MIT */
#include "engine/request/hypercall.h"

static hypercall_fn *const by_number[] = {
	[__HYPERVISOR_mmu_update] = hc_mmu_update,
	[__HYPERVISOR_set_gdt] = hc_set_gdt,
	[__HYPERVISOR_update_descriptor] = hc_update_descriptor,
	[__HYPERVISOR_memory_op] = hc_memory_op,
	[__HYPERVISOR_multicall] = hc_multicall,
	[__HYPERVISOR_update_va_mapping] = hc_update_va_mapping,
	[__HYPERVISOR_update_va_mapping_otherdomain] =
		hc_update_va_mapping_otherdomain,
	[__HYPERVISOR_mmuext_op] = hc_mmuext_op,
};

/* Where these differ from those. */
static hypercall_fn *const by_number_32[] = {
	[__HYPERVISOR_update_descriptor] = hc_update_descriptor_32,
	[__HYPERVISOR_update_va_mapping] = hc_update_va_mapping_32,
	[__HYPERVISOR_update_va_mapping_otherdomain] =
		hc_update_va_mapping_otherdomain_32,
};

hypercall_fn *engine_hypercall_32(unsigned int nr)
{
	hypercall_fn *fn = NULL;

	if (nr < sizeof(by_number_32) / sizeof(by_number_32[0])) {
		fn = by_number_32[nr];
	}
	return fn != NULL ? fn : engine_hypercall(nr);
}

hypercall_fn *engine_hypercall(unsigned int nr)
{
	return nr < sizeof(by_number) / sizeof(by_number[0]) ? by_number[nr]
							     : NULL;
}
