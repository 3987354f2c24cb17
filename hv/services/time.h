/* SPDX-License-Identifier: MIT */
/*
 * Time: system time from the TSC, one LAPIC timer for each CPU that fires at
 * its vCPU's earliest deadline, and the clock that guests read themselves.
 */
#ifndef PW_HV_SERVICES_TIME_H
#define PW_HV_SERVICES_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/addr.h"
#include "abi/xen.h"

struct domain;
struct vcpu;

#define TIME_NEVER UINT64_MAX

enum time_deadline {
	DEADLINE_SINGLESHOT, /* VCPUOP_set_singleshot_timer, set_timer_op */
	DEADLINE_PERIODIC,
	DEADLINE_POLL, /* SCHEDOP_poll's timeout */
	DEADLINE_WATCHDOG0,
	DEADLINE_WATCHDOG1,
	DEADLINES,
};

/* Part of struct vcpu. */
struct time_vcpu {
	uint64_t deadline[DEADLINES]; /* system time, ns; TIME_NEVER: off */
	uint64_t earliest;            /* of them */
	uint64_t period;              /* ns; 0: no periodic timer */
	/* Runstate: what the vCPU has been doing, and since when. */
	struct vcpu_runstate_info runstate;
	uint64_t runstate_area; /* guest virtual address, 0: none */
	uint64_t time_area;     /* secondary vcpu_time_info, 0: none */
};

#define TIME_WATCHDOGS 2
/* Part of struct domain. */
struct time_domain {
	bool watchdog[TIME_WATCHDOGS]; /* in use; deadlines are vCPU 0's */
};

/* Calibrates the TSC; before any other call. Then for each CPU: */
void time_init(void);
void time_cpu_init(void);

/* Nanoseconds since time_init(). */
uint64_t time_now(void);
uint64_t time_tsc_khz(void);
/* Seconds since 1970, when time_now() was 0. */
uint64_t time_wallclock_base(void);

/* Vector of the timer interrupt, to be routed to time_interrupt(). */
#define TIME_VECTOR 0xf0
/* Acknowledges the interrupt and acts on what is due for the CPU's vCPU. */
void time_interrupt(struct vcpu *v);
/* The vCPU's timer is to be the CPU's: programs its earliest deadline. */
void time_vcpu_load(struct vcpu *v);

void time_domain_init(struct domain *d);
void time_vcpu_init(struct vcpu *v);
/* Writes the clock to the vCPU's vcpu_info (and shared info for vCPU 0). */
void time_publish(struct vcpu *v);

/*
 * Sets or, with TIME_NEVER, takes away a deadline. One that has passed is
 * announced by an interrupt as soon as there can be one.
 */
void time_set_deadline(struct vcpu *v, enum time_deadline which, uint64_t when,
		       uint64_t now);

/* Runstate: RUNSTATE_running, RUNSTATE_blocked, ... */
void time_runstate_change(struct vcpu *v, int state);
/* Brings the guest's registered copy up to date. */
void time_runstate_publish(struct vcpu *v);

/* The clock as guests are given it; version 0. */
void time_clock(struct vcpu_time_info *ret_clock);

/* SCHEDOP_watchdog. */
int64_t time_watchdog(struct domain *d, uint32_t id, uint32_t seconds);

int64_t hc_set_timer_op(struct vcpu *v, uint64_t arg[6]);
/* The timer and area sub-operations of vcpu_op; v is the target. */
int64_t time_vcpu_op(struct vcpu *caller, struct vcpu *v, unsigned int cmd,
		     uint64_t argument);

#endif
