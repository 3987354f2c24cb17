/* SPDX-License-Identifier: MIT */
/* A record of a trace in one line. */
#ifndef PW_CLI_TRACE_TEXT_H
#define PW_CLI_TRACE_TEXT_H

#include "abi/text.h"
#include "trace/file/reader.h"

void trace_text(struct text *t, const struct trace_record *r);

#endif
