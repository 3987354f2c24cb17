/* SPDX-License-Identifier: MIT */
/* A recording as TrackEvents, which the Perfetto UI and its processor read. */
#ifndef PW_CLI_REPORT_PERFETTO_H
#define PW_CLI_REPORT_PERFETTO_H

#include "cli/say.h"
#include "trace/replay/replay.h"

/* If it does not replay, or cannot be written, *error says so. */
enum exit_status perfetto_write(const struct trace *t, const char *out,
				char error[TRACE_ERROR_SIZE]);

#endif
