/* SPDX-License-Identifier: MIT */
/*
 * The three shapes of x86 page tables (SDM 3A, chapter 4), as data. PAE's
 * top level has four entries of 8 bytes, in which all flags but P are
 * reserved; the 32-bit entries of the 2-level shape have no room for NX. Under
 * a 64-bit hypervisor a 32-bit guest has PAE, or does not run.
 */
#include "pagewarden/geometry.h"

#include "abi/xen.h"

#define TABLE_FLAGS (PTE_P | PTE_RW | PTE_US | PTE_A)

const struct guest_geometry guest_geometry_2level = {
	.name = "2-level",
	.levels = 2,
	.entry_bytes = 4,
	.frame_mask = UINT64_C(0xfffff000),
	.has_nx = false,
	.large_level = 2,
	.va_bits = 32,
	.level =
		{
			[1] = {12, 1024, 0},
			[2] = {22, 1024, TABLE_FLAGS},
		},
};

const struct guest_geometry guest_geometry_pae = {
	.name = "PAE",
	.levels = 3,
	.entry_bytes = 8,
	.frame_mask = PTE_FRAME_MASK,
	.has_nx = true,
	.large_level = 2,
	.va_bits = 32,
	.word = 4,
	.xen_level = 2,
	.xen_first = XEN_L2_FIRST,
	.xen_last = XEN_L2_LAST,
	.guest_end = XEN_COMPAT_START,
	.root_first = false,
	.level =
		{
			[1] = {12, 512, 0},
			[2] = {21, 512, TABLE_FLAGS},
			[3] = {30, 4, PTE_P},
		},
};

const struct guest_geometry guest_geometry_4level = {
	.name = "4-level",
	.levels = 4,
	.entry_bytes = 8,
	.frame_mask = PTE_FRAME_MASK,
	.has_nx = true,
	.large_level = 3,
	.va_bits = 48,
	.word = 8,
	.xen_level = 4,
	.xen_first = XEN_L4_FIRST,
	.xen_last = XEN_L4_LAST,
	.root_first = true,
	.level =
		{
			[1] = {12, 512, 0},
			[2] = {21, 512, TABLE_FLAGS},
			[3] = {30, 512, TABLE_FLAGS},
			[4] = {39, 512, TABLE_FLAGS},
		},
};
