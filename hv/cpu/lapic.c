/* SPDX-License-Identifier: MIT */
/*
 * The local APIC of each CPU, which has its registers where all others have
 * theirs.
 */
#include "hv/cpu/lapic.h"

#include "hv/cpu/x86.h"

#define APIC_BASE_MASK UINT64_C(0x000ffffffffff000)

static volatile uint32_t *registers;

uint64_t lapic_machine_address(void)
{
	return x86_rdmsr(MSR_APIC_BASE) & APIC_BASE_MASK;
}

void lapic_init(volatile uint32_t *at)
{
	registers = at;
}

volatile uint32_t *lapic_registers(void)
{
	return registers;
}

void lapic_enable(void)
{
	registers[LAPIC_TPR] = 0;
	registers[LAPIC_SPURIOUS] = LAPIC_ENABLE | LAPIC_SPURIOUS_VECTOR;
	registers[LAPIC_LVT_ERROR] = LAPIC_MASKED;
	registers[LAPIC_LVT_LINT0] = LAPIC_EXTINT; /* the 8259s */
	registers[LAPIC_LVT_LINT1] = LAPIC_NMI;
	registers[LAPIC_TIMER_DIVIDE] = LAPIC_UNDIVIDED;
	registers[LAPIC_LVT_TIMER] = LAPIC_TIMER_VECTOR; /* one shot */
}
