/* SPDX-License-Identifier: MIT */
/* Deadlines of vCPUs, on one timer for each CPU. */
#ifndef PW_HV_SERVICES_TIMER_H
#define PW_HV_SERVICES_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "hv/services/time.h"

struct vcpu;

/*
 * LAPIC_TIMER_VECTOR: acknowledges the interrupt and acts on what is due for
 * the CPU's vCPUs. True: a turn has ended, and somebody waits for his.
 */
bool timer_interrupt(void);
/* Sets this CPU's timer for the earliest of its deadlines. */
void timer_load(void);
/* console_go_on() on this CPU, so many ns from now or sooner. */
void timer_come_back(uint64_t later);
/*
 * Sets or, with TIME_NEVER, takes away a deadline. One that has passed is
 * announced by an interrupt as soon as there can be one.
 */
void timer_set(struct vcpu *v, enum time_deadline which, uint64_t when,
	       uint64_t now);

#endif
