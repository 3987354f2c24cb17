/* SPDX-License-Identifier: MIT */
/*
 * The debug registers are the guest's, but for one kind of run: when it is
 * wanted who wrote something in the guest's memory, the CPU's own breakpoints
 * on data are the way to see each write and nothing else, at no cost to all
 * other instructions. Then they are ours, and the guest's wait.
 */
#include "hv/cpu/debugreg.h"

#include "hv/cpu/cpu.h"
#include "hv/cpu/x86.h"

#define DR7_FIXED UINT64_C(0x400)
#define DR7_GLOBAL(i) (UINT64_C(2) << (2 * (i)))
/* On writes (01), of 8 bytes (10). */
#define DR7_WRITES_8(i) (UINT64_C(0x9) << (16 + 4 * (i)))

void debugreg_write(unsigned int number, uint64_t value)
{
	switch (number) {
	case 0:
		__asm__ volatile("mov %0, %%dr0" : : "r"(value));
		return;
	case 1:
		__asm__ volatile("mov %0, %%dr1" : : "r"(value));
		return;
	case 2:
		__asm__ volatile("mov %0, %%dr2" : : "r"(value));
		return;
	case 3:
		__asm__ volatile("mov %0, %%dr3" : : "r"(value));
		return;
	case 6:
		__asm__ volatile("mov %0, %%dr6" : : "r"(value));
		return;
	default:
		__asm__ volatile("mov %0, %%dr7" : : "r"(value));
		return;
	}
}

uint64_t debugreg_take_status(void)
{
	uint64_t dr6;

	__asm__ volatile("mov %%dr6, %0" : "=r"(dr6));
	debugreg_write(6, X86_DR6_QUIET);
	return dr6 & ~(uint64_t)X86_DR6_QUIET;
}

void debugreg_watch(const uint64_t address[DEBUGREGS])
{
	uint64_t control = DR7_FIXED;

	debugreg_write(7, DR7_FIXED);
	for (unsigned int i = 0; i < DEBUGREGS; i++) {
		debugreg_write(i, address[i]);
		if (address[i] != 0) {
			control |= DR7_GLOBAL(i) | DR7_WRITES_8(i);
		}
	}
	cpu_here()->watching = true;
	debugreg_write(7, control);
}
