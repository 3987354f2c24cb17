/* SPDX-License-Identifier: MIT */
#include "engine/table/level.h"

const struct pt_level pt_levels[5] = {
	[1] = {FRAME_L1, FRAME_NONE, PTE_COMMON | PTE_G, 0},
	[2] = {FRAME_L2, FRAME_L1, PTE_COMMON, PTE_US},
	[3] = {FRAME_L3, FRAME_L2, PTE_COMMON, PTE_US},
	[4] = {FRAME_L4, FRAME_L3, PTE_COMMON, PTE_US | PTE_A},
};
