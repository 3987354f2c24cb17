/* SPDX-License-Identifier: MIT */
/* Who keeps a frame, beside entries and pins: members of an event. */
#ifndef PW_HV_REPORT_USES_H
#define PW_HV_REPORT_USES_H

#include "abi/addr.h"

struct domain;

/* The first few as a list of that name, and how many more there are. */
void uses_tell(const char *key, const char *more, const struct domain *d,
	       mfn_t frame);

#endif
