/* SPDX-License-Identifier: MIT */
/*
 * The local APIC of each CPU, which has its registers where all others have
 * theirs.
 */
#include "hv/cpu/lapic.h"

#include "hv/cpu/clock.h"
#include "hv/cpu/cpu.h"
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
	/* The 8259s speak to the first CPU alone. */
	registers[LAPIC_LVT_LINT0] =
		cpu_here()->id == 0 ? LAPIC_EXTINT : LAPIC_MASKED;
	registers[LAPIC_LVT_LINT1] = LAPIC_NMI;
	registers[LAPIC_TIMER_DIVIDE] = LAPIC_UNDIVIDED;
	registers[LAPIC_LVT_TIMER] = LAPIC_TIMER_VECTOR; /* one shot */
}

#define ICR_BUSY (1u << 12)
#define ICR_ASSERT (1u << 14)
#define ICR_INIT (5u << 8)
#define ICR_STARTUP (6u << 8)
#define ICR_ALL_OTHERS (3u << 18)

static void command(uint32_t high, uint32_t low)
{
	while ((registers[LAPIC_ICR_LOW] & ICR_BUSY) != 0) {
		x86_pause();
	}
	registers[LAPIC_ICR_HIGH] = high;
	registers[LAPIC_ICR_LOW] = low;
}

static void delay(uint64_t ns)
{
	uint64_t end = clock_now() + ns;

	while (clock_now() < end) {
		x86_pause();
	}
}

unsigned int lapic_id(void)
{
	return registers[LAPIC_ID] >> 24;
}

void lapic_send(unsigned int apic_id, uint32_t vector)
{
	command(apic_id << 24, ICR_ASSERT | vector);
}

/* INIT, then STARTUP twice, with the waits that Intel gives (SDM 3A, 8.4). */
void lapic_start_all(uint32_t page)
{
	command(0, ICR_ALL_OTHERS | ICR_ASSERT | ICR_INIT);
	delay(UINT64_C(10000000));
	command(0, ICR_ALL_OTHERS | ICR_ASSERT | ICR_STARTUP | page);
	delay(UINT64_C(200000));
	command(0, ICR_ALL_OTHERS | ICR_ASSERT | ICR_STARTUP | page);
}
