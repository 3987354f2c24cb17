/* SPDX-License-Identifier: MIT */
/* The recording that trace, replay and shrink are about: their one argument. */
#ifndef PW_CLI_TRACE_OPEN_H
#define PW_CLI_TRACE_OPEN_H

#include <stdbool.h>

#include "cli/options.h"
#include "trace/file/reader.h"

/*
 * The options, and the path behind them. OPTIONS_READ, or the status with which
 * the verb ends.
 */
int trace_begin(const struct options_reader *reader, int argc, char **argv,
		void *to, const char **ret_path);

/* False, and said why: it is no trace that can be read. */
bool trace_opened(struct trace *t, const char *path);

#endif
