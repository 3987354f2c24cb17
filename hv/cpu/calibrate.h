/* SPDX-License-Identifier: MIT */
/* Frequencies measured, and the date read, once at boot. */
#ifndef PW_HV_CPU_CALIBRATE_H
#define PW_HV_CPU_CALIBRATE_H

#include <stdint.h>

struct frequencies {
	uint64_t tsc;   /* Hz */
	uint64_t lapic; /* Hz, of the local APIC's timer undivided */
};

/*
 * The local APIC's timer is used for it, undivided, and stands still after;
 * interrupts are off.
 */
struct frequencies calibrate(volatile uint32_t *lapic);

/* The real-time clock, as seconds since 1970; 0: it says nothing sensible. */
uint64_t calibrate_read_rtc(void);

#endif
