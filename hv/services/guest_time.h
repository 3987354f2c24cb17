/* SPDX-License-Identifier: MIT */
/* Time as the guest sees it: clock, wall clock, timers, run states. */
#ifndef PW_HV_SERVICES_GUEST_TIME_H
#define PW_HV_SERVICES_GUEST_TIME_H

#include <stdint.h>

struct domain;
struct vcpu;

void time_domain_init(struct domain *d);
void time_vcpu_init(struct vcpu *v);
/* It has no timers any more. */
void time_vcpu_end(struct vcpu *v);
void time_vcpu_up(struct vcpu *v);
/* Writes the clock to the vCPU's vcpu_info (and shared info for vCPU 0). */
void time_publish(struct vcpu *v);
/*
 * Of the vCPU that has the CPU, or had it last: again, if it is time for it. A
 * domain that ends gives its memory away, and is written to no more.
 */
void time_renew(struct vcpu *v, uint64_t now);

/* Runstate: RUNSTATE_running, RUNSTATE_blocked, ... */
void time_runstate_change(struct vcpu *v, int state);
/* Brings the guest's registered copy up to date. */
void time_runstate_publish(struct vcpu *v);
/* It has the CPU, and its tables: what it is owed in its memory. */
void time_vcpu_runs(struct vcpu *v);

/* SCHEDOP_watchdog. */
int64_t time_watchdog(struct domain *d, uint32_t id, uint32_t seconds);

int64_t hc_set_timer_op(struct vcpu *v, uint64_t arg[6]);
int64_t hc_set_timer_op_32(struct vcpu *v, uint64_t arg[6]);
/* The timer and area sub-operations of vcpu_op; v is the target. */
int64_t time_vcpu_op(struct vcpu *caller, struct vcpu *v, unsigned int cmd,
		     uint64_t argument);

#endif
