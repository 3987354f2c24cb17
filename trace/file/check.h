/* SPDX-License-Identifier: MIT */
/* The judgement of a stream's records, one after the other. */
#ifndef PW_TRACE_CHECK_H
#define PW_TRACE_CHECK_H

#include "trace/file/reader.h"

/*
 * The whole stream; numbers of operations and rules become the engine's. NULL:
 * it is good. Else what is wrong, and *ret_at: the word where.
 */
const char *trace_check(struct trace *t, uint64_t *ret_at);

#endif
