/* SPDX-License-Identifier: MIT */
/* The recording that trace, replay and shrink are about: their one argument. */
#ifndef PW_CLI_TRACE_OPEN_H
#define PW_CLI_TRACE_OPEN_H

#include <stdbool.h>

#include "trace/file/reader.h"

/* What is left behind the options (getopt's optind); NULL: not one word. */
const char *trace_named(int argc, char **argv);

/* False, and said why: there is no path, or no trace that can be read. */
bool trace_opened(struct trace *t, const char *verb, const char *path);

#endif
