/* SPDX-License-Identifier: MIT */
/* A recording as TrackEvents, which the Perfetto UI and its processor read. */
#ifndef PW_CLI_REPORT_PERFETTO_H
#define PW_CLI_REPORT_PERFETTO_H

#include <stdbool.h>

#include "trace/replay/replay.h"

/* False: it does not replay, or cannot be written; *error says. */
bool perfetto_write(const struct trace *t, const char *out,
		    char error[TRACE_ERROR_SIZE]);

#endif
