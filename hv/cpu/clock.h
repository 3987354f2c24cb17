/* SPDX-License-Identifier: MIT */
/* System time: the TSC since boot, scaled; and each CPU's timer. */
#ifndef PW_HV_CPU_CLOCK_H
#define PW_HV_CPU_CLOCK_H

#include <stdint.h>

#include "abi/xen.h"
#include "hv/cpu/calibrate.h"

#define CLOCK_NEVER UINT64_MAX

/* The TSC at the hypervisor's first instructions, told where it is known. */
extern uint64_t clock_began;

/* Calibrates; the local APIC is enabled and the 8259s set up. */
struct frequencies clock_init(void);

/* Nanoseconds since clock_init(). */
uint64_t clock_now(void);
uint64_t clock_tsc_khz(void);
/* Microseconds since the TSC was that; 0: it has not been yet. */
uint64_t clock_us_since(uint64_t tsc);
/* Seconds since 1970, when clock_now() was 0. */
uint64_t clock_wallclock_base(void);
/* The clock as guests are given it; version 0. */
void clock_guest(struct vcpu_time_info *ret_clock);
/* The same from now on, and so without the promise that goes with its flag. */
void clock_guest_moved(struct vcpu_time_info *ret_clock);
/* The CPUs' TSCs differ: guests are to compare what they read. */
void clock_unstable(void);
/* Sets the CPU's timer; CLOCK_NEVER: off. It may fire early, never late. */
void clock_set_timer(uint64_t when, uint64_t now);

#endif
