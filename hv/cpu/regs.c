/* SPDX-License-Identifier: MIT */
/* From the numbers of instruction encodings to struct regs. */
#include "hv/cpu/regs.h"

#include <stddef.h>

uint64_t *regs_gpr(struct regs *r, unsigned int number)
{
#define AT(name) offsetof(struct regs, name)
	static const uint8_t offset[16] = {
		AT(rax), AT(rcx), AT(rdx), AT(rbx), AT(rsp), AT(rbp),
		AT(rsi), AT(rdi), AT(r8),  AT(r9),  AT(r10), AT(r11),
		AT(r12), AT(r13), AT(r14), AT(r15),
	};
#undef AT

	return (uint64_t *)((uint8_t *)r + offset[number & 15]);
}
