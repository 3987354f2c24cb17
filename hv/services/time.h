/* SPDX-License-Identifier: MIT */
/* A vCPU's and a domain's part of time: deadlines, run states, areas. */
#ifndef PW_HV_SERVICES_TIME_H
#define PW_HV_SERVICES_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/addr.h"
#include "abi/xen.h"
#include "hv/cpu/clock.h"

#define TIME_NEVER CLOCK_NEVER

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
	uint64_t published;     /* system time, when its clock was written */
	uint64_t time_area;     /* secondary vcpu_time_info, 0: none */
	bool time_owed;         /* to be written there when it runs */
};

#define TIME_WATCHDOGS 2
/* Part of struct domain. */
struct time_domain {
	bool watchdog[TIME_WATCHDOGS]; /* in use; deadlines are vCPU 0's */
};

#endif
