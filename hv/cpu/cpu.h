/* SPDX-License-Identifier: MIT */
/*
 * What belongs to one CPU. It stands at the top of the CPU's stack, right
 * above the registers of the guest that was interrupted, so that it is found
 * from the stack pointer alone, in C and in assembly.
 */
#ifndef PW_HV_CPU_CPU_H
#define PW_HV_CPU_CPU_H

#include "hv/cpu/regs.h"

#define CPU_STACK_SIZE 0x8000
#define CPU_SIZE 0x40

/* Offsets in struct cpu. */
#define CPU_VCPU 0x00
#define CPU_SYSCALL_RSP 0x08

#ifndef __ASSEMBLY__

#include <stddef.h>
#include <stdint.h>

struct vcpu;

struct cpu {
	struct vcpu *vcpu;    /* running here; NULL before the first */
	uint64_t syscall_rsp; /* scratch of the SYSCALL entry */
	unsigned int id;
	uint32_t spare;
	uint64_t interrupt_tsc; /* when the last interrupt was taken */
	uint64_t pad[4];
};

_Static_assert(offsetof(struct cpu, vcpu) == CPU_VCPU, "entry.S");
_Static_assert(offsetof(struct cpu, syscall_rsp) == CPU_SYSCALL_RSP, "entry.S");
_Static_assert(sizeof(struct cpu) == CPU_SIZE, "entry.S");

static inline struct cpu *cpu_here(void)
{
	uint64_t sp;

	__asm__("mov %%rsp, %0" : "=r"(sp));
	return (struct cpu *)((sp | (CPU_STACK_SIZE - 1)) + 1 - CPU_SIZE);
}

/* The vCPU that runs on this CPU. */
#define current (cpu_here()->vcpu)

/* The registers of the guest that this CPU came from. */
static inline struct regs *cpu_guest_regs(void)
{
	return (struct regs *)cpu_here() - 1;
}

/* GDT, IDT, TSS, SYSCALL and SYSENTER of the CPU that calls it. */
void cpu_init(void);
/*
 * RAM and MMIO that must not be cached: one page, mapped for ever. Not before
 * paging_init().
 */
void *device_map(uint64_t machine_address);
/* The local APIC's registers (32-bit, 16 bytes apart). */
volatile uint32_t *cpu_lapic(void);

#endif
#endif
