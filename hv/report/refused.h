/* SPDX-License-Identifier: MIT */
/* How refusals are told (engine/port.h: port_refused). */
#ifndef PW_HV_REPORT_REFUSED_H
#define PW_HV_REPORT_REFUSED_H

#include <stdbool.h>
#include <stdint.h>

/* Part of struct domain: a bucket of lines, refilled by time. */
struct refusal_log {
	uint64_t spent;  /* of a burst */
	uint64_t last;   /* TSC, when it was last refilled */
	uint64_t untold; /* refusals without a line since the last one */
	uint64_t untold_in_all;
};

struct domain;

/* How many went untold, if any did since this was last said. */
void refused_tell_untold(struct domain *d);

#endif
