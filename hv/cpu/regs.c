/* SPDX-License-Identifier: MIT */
/* From the numbers of instruction encodings to struct regs. */
#include "hv/cpu/regs.h"

uint64_t *regs_gpr(struct regs *r, unsigned int number)
{
	static const uint8_t offset[16] = {
		REGS_RAX, REGS_RCX, REGS_RDX, REGS_RBX, REGS_RSP, REGS_RBP,
		REGS_RSI, REGS_RDI, REGS_R8,  REGS_R9,  REGS_R10, REGS_R11,
		REGS_R12, REGS_R13, REGS_R14, REGS_R15,
	};

	return (uint64_t *)((uint8_t *)r + offset[number & 15]);
}
