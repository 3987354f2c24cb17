/* SPDX-License-Identifier: MIT */
/* Deadlines of vCPUs, on one timer for each CPU. */
#ifndef PW_HV_SERVICES_TIMER_H
#define PW_HV_SERVICES_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "hv/services/time.h"

struct vcpu;

/* What else is due: a turn has ended, and somebody waits for his; */
#define TIMER_TURN_ENDED 1u
/* the consoles, by timer_come_back(). */
#define TIMER_CAME_BACK 2u

/*
 * LAPIC_TIMER_VECTOR: acknowledges the interrupt and acts on what is due for
 * the CPU's vCPUs. Returns what else is.
 */
unsigned int timer_interrupt(void);
/* Sets this CPU's timer for the earliest of its deadlines. */
void timer_load(void);
/* TIMER_CAME_BACK on this CPU, so many ns from now or sooner. */
void timer_come_back(uint64_t later);
/*
 * Sets or, with TIME_NEVER, takes away a deadline. One that has passed is
 * announced by an interrupt as soon as there can be one.
 */
void timer_set(struct vcpu *v, enum time_deadline which, uint64_t when,
	       uint64_t now);

#endif
