/* SPDX-License-Identifier: MIT */
/* The steps of a plan that are kept, run on a machine of their own. */
#ifndef PW_TRACE_LOOSE_H
#define PW_TRACE_LOOSE_H

#include "trace/file/writer.h"
#include "trace/shrink/plan.h"

/* Does the refusal still happen? */
bool loose_shows(const struct plan *p, const struct shrink_wish *w);
/* Records them, as a run would have been. False: see to->error. */
bool loose_record(const struct plan *p, const struct shrink_wish *w,
		  struct trace_writer *to);

#endif
