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

#define REGS_R15 0x00
#define REGS_R14 0x08
#define REGS_R13 0x10
#define REGS_R12 0x18
#define REGS_RBP 0x20
#define REGS_RBX 0x28
#define REGS_R11 0x30
#define REGS_RCX 0x38
#define REGS_RAX 0x40
#define REGS_RDI 0x48
#define REGS_RSI 0x50
#define REGS_RDX 0x58
#define REGS_R10 0x60
#define REGS_R8 0x68
#define REGS_R9 0x70
#define REGS_ERROR 0x78
#define REGS_VECTOR 0x7c
#define REGS_RIP 0x80
#define REGS_CS 0x88
#define REGS_RFLAGS 0x90
#define REGS_RSP 0x98
#define REGS_SS 0xa0
#define REGS_SIZE 0xa8

/* regs.vector for what is no exception. */
#define ENTRY_HYPERCALL 0x100
#define ENTRY_SYSCALL 0x101
#define ENTRY_SYSENTER 0x102
/* Nothing happened, enter the guest again. */
#define ENTRY_RETRY 0x1ff

#ifndef __ASSEMBLY__

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

_Static_assert(offsetof(struct regs, r15) == REGS_R15, "entry.S");
_Static_assert(offsetof(struct regs, rbx) == REGS_RBX, "entry.S");
_Static_assert(offsetof(struct regs, r11) == REGS_R11, "entry.S");
_Static_assert(offsetof(struct regs, rcx) == REGS_RCX, "entry.S");
_Static_assert(offsetof(struct regs, rax) == REGS_RAX, "entry.S");
_Static_assert(offsetof(struct regs, rdi) == REGS_RDI, "entry.S");
_Static_assert(offsetof(struct regs, r9) == REGS_R9, "entry.S");
_Static_assert(offsetof(struct regs, error) == REGS_ERROR, "entry.S");
_Static_assert(offsetof(struct regs, vector) == REGS_VECTOR, "entry.S");
_Static_assert(offsetof(struct regs, rip) == REGS_RIP, "entry.S");
_Static_assert(offsetof(struct regs, ss) == REGS_SS, "entry.S");
_Static_assert(sizeof(struct regs) == REGS_SIZE, "entry.S");

/* A register by its number in instruction encodings: rax, rcx, rdx, rbx, ... */
uint64_t *regs_gpr(struct regs *r, unsigned int number);

#endif
#endif
