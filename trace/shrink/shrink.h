/* SPDX-License-Identifier: MIT */
/* Cuts a plan down to what its refusal takes. */
#ifndef PW_TRACE_SHRINK_H
#define PW_TRACE_SHRINK_H

#include "trace/shrink/plan.h"

struct shrink_counts {
	size_t tries;
	size_t steps, steps_before;
	size_t entries, entries_before;
};

/* False: the plan as a whole does not show it, or memory is short. */
bool shrink(struct plan *p, const struct shrink_wish *w,
	    struct shrink_counts *ret);

#endif
