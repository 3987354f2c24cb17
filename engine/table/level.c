/* SPDX-License-Identifier: MIT */
/*
 * The two widths. The L3 of PAE has neither NX nor the high software bits: on
 * a 32-bit CPU they are reserved there (SDM 3A, table 4-8), and Xen refuses
 * them to this day.
 */
#include "engine/table/level.h"

#define MARKED (PTE_GUEST_KERNEL | PTE_US)
#define PAE_L3 (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D | PTE_AVAIL)

/* Below 4 GiB, so that a 32-bit CR3 can name it. */
#define PAE_ROOT_END (UINT64_C(1) << (32 - PAGE_SHIFT))

const struct pt_width pt_64 = {
	.level =
		{
			[1] = {.entries = PT_ENTRIES,
			       .allowed = PTE_COMMON | PTE_G,
			       .nx = PTE_NX,
			       .kernel = MARKED,
			       .global = PTE_G},
			[2] = {.child = FRAME_L1,
			       .last = FRAME_L1,
			       .entries = PT_ENTRIES,
			       .linear = true,
			       .allowed = PTE_COMMON,
			       .nx = PTE_NX,
			       .forced = PTE_US},
			[3] = {.child = FRAME_L2,
			       .last = FRAME_L2,
			       .entries = PT_ENTRIES,
			       .linear = true,
			       .allowed = PTE_COMMON,
			       .nx = PTE_NX,
			       .forced = PTE_US},
			[4] = {.child = FRAME_L3,
			       .last = FRAME_L3,
			       .entries = PT_ENTRIES,
			       .linear = true,
			       .allowed = PTE_COMMON,
			       .nx = PTE_NX,
			       .forced = PTE_US | PTE_A},
		},
	.top = 4,
	.root = FRAME_L4,
	.user_root = true,
	.xen = FRAME_L4,
	.xen_first = XEN_L4_FIRST,
	.nr_xen_slots = XEN_L4_SLOTS,
	.root_end = UINT64_MAX,
	.guest_end = UINT64_MAX,
	.kernel_ring = 3,
	.gate_reserved = UINT64_C(0xff) << 32,
};

const struct pt_width pt_pae = {
	.level =
		{
			[1] = {.entries = PT_ENTRIES,
			       .allowed = PTE_COMMON | PTE_G,
			       .nx = PTE_NX},
			[2] = {.child = FRAME_L1,
			       .last = FRAME_L1,
			       .entries = PT_ENTRIES,
			       .linear = true,
			       .allowed = PTE_COMMON,
			       .nx = PTE_NX},
			[3] = {.child = FRAME_L2,
			       .last = FRAME_L2_XEN,
			       .entries = 4,
			       .last_fixed = true,
			       .allowed = PAE_L3,
			       .forced = PTE_US | PTE_RW},
		},
	.top = 3,
	.root = FRAME_L3,
	.xen = FRAME_L2_XEN,
	.xen_first = XEN_L2_FIRST,
	.nr_xen_slots = XEN_L2_SLOTS,
	.root_end = PAE_ROOT_END,
	.guest_end = XEN_COMPAT_START,
	.kernel_ring = 1,
	/* The others count the words that one of 32 bits copies. */
	.gate_reserved = UINT64_C(0xe0) << 32,
};
