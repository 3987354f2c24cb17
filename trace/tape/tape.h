/* SPDX-License-Identifier: MIT */
/*
 * The recorder of a process: what it writes goes into a trace file at once. Its
 * clock counts what it is asked, a microsecond each, so that the same run gives
 * the same file.
 */
#ifndef PW_TRACE_TAPE_H
#define PW_TRACE_TAPE_H

#include "trace/file/writer.h"
#include "trace/record/recorder.h"

#define TAPE_KHZ 1000000

struct tape {
	struct recorder recorder; /* first */
	struct trace_writer *to;
	uint64_t time;
	uint64_t rip; /* of who asks */
};

/* False: memory is short. */
bool tape_init(struct tape *t, struct trace_writer *to);
/* Everything so far is the writer's. */
void tape_flush(struct tape *t);
void tape_fini(struct tape *t);

#endif
