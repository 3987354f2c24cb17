/* SPDX-License-Identifier: MIT */
/* The local APIC. Registers: indices of 32-bit words (SDM 3A, 10.4). */
#ifndef PW_HV_CPU_LAPIC_H
#define PW_HV_CPU_LAPIC_H

#include <stdint.h>

#define LAPIC_ID (0x020 / 4)
#define LAPIC_TPR (0x080 / 4)
#define LAPIC_EOI (0x0b0 / 4)
#define LAPIC_SPURIOUS (0x0f0 / 4)
#define LAPIC_ICR_LOW (0x300 / 4)
#define LAPIC_ICR_HIGH (0x310 / 4)
#define LAPIC_LVT_TIMER (0x320 / 4)
#define LAPIC_LVT_LINT0 (0x350 / 4)
#define LAPIC_LVT_LINT1 (0x360 / 4)
#define LAPIC_LVT_ERROR (0x370 / 4)
#define LAPIC_TIMER_INITIAL (0x380 / 4)
#define LAPIC_TIMER_COUNT (0x390 / 4)
#define LAPIC_TIMER_DIVIDE (0x3e0 / 4)

#define LAPIC_ENABLE (1u << 8) /* of LAPIC_SPURIOUS */
#define LAPIC_MASKED (1u << 16)
#define LAPIC_EXTINT (7u << 8)
#define LAPIC_NMI (4u << 8)
#define LAPIC_UNDIVIDED 0xbu

/* Vectors of our own; all lines but the timer's are masked or the 8259s'. */
#define LAPIC_TIMER_VECTOR 0xf0
#define LAPIC_FLUSH_VECTOR 0xf1
#define LAPIC_WAKE_VECTOR 0xf2
#define LAPIC_SPURIOUS_VECTOR 0xff

/* The registers, at the same address on every CPU. */
void lapic_init(volatile uint32_t *at);
volatile uint32_t *lapic_registers(void);
/* Switches on the one of the CPU that calls it. */
void lapic_enable(void);
/* An interrupt for another CPU, or (lapic_start) the ones that sleep. */
void lapic_send(unsigned int apic_id, uint32_t vector);
void lapic_start_all(uint32_t page);
unsigned int lapic_id(void);
/* Where the machine has them. */
uint64_t lapic_machine_address(void);

#endif
