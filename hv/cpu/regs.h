/* SPDX-License-Identifier: MIT */
/*
 * Registers of a guest, as the entry code leaves them on the CPU's stack.
 *
 * The order is chosen for the hot paths. What C preserves by itself comes
 * first, at the low end: hypercalls and most traps never save it, and it is
 * pushed only when somebody needs to look (see entry.S). The six argument
 * registers of a hypercall stand in argument order, so that they are the
 * hypercall's arg[6] without being copied.
 */
#ifndef PW_HV_CPU_REGS_H
#define PW_HV_CPU_REGS_H

/* regs.vector for what is no exception. */
#define ENTRY_HYPERCALL 0x100
#define ENTRY_SYSCALL 0x101
#define ENTRY_SYSENTER 0x102
/* Nothing happened, enter the guest again. */
#define ENTRY_RETRY 0x1ff

#include <stddef.h>
#include <stdint.h>

struct regs {
	uint64_t r15, r14, r13, r12, rbp, rbx;
	uint64_t r11, rcx, rax;
	uint64_t rdi, rsi, rdx, r10, r8, r9;
	uint32_t error;
	uint32_t vector;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* A register by its number in instruction encodings: rax, rcx, rdx, rbx, ... */
static inline uint64_t *regs_gpr(struct regs *r, unsigned int number)
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

#endif
