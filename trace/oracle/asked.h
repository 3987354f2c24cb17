/* SPDX-License-Identifier: MIT */
/* Inside the oracle: an operation as it is taken from its records. */
#ifndef PW_TRACE_ASKED_H
#define PW_TRACE_ASKED_H

#include "trace/file/reader.h"
#include "trace/oracle/model.h"
#include "trace/oracle/oracle.h"

#define TOUCHED_MAX 4096
#define EXTENT_NONE (~UINT64_C(0))

struct oracle {
	struct model model; /* first */
	const struct trace *t;
	uint64_t whole_every;
	struct oracle_result result;
	/* The operation under way. */
	struct trace_record begin;
	uint64_t rc;                 /* predicted */
	struct trace_record request; /* of a list, not yet asked for */
	bool open;                   /* there is one */
	bool fault;                  /* something was not copied */
	bool known;                  /* the model can tell its result */
	uint32_t done;               /* requests, or extents */
	struct trace_record in;      /* the first that was copied in */
	bool has_in;
	uint64_t extent; /* place that waits for its frames */
	/* Frames to compare. */
	unsigned int nr_touched;
	bool touched_more; /* than fit */
	bool stopped;      /* a table may be half validated in the engine */
	uint32_t touched[TOUCHED_MAX];
};

/* The record is the operation's: BEGIN to END, exclusive. */
void asked_begin(struct oracle *o);
void asked_in(struct oracle *o, const struct trace_record *r);
void asked_out(struct oracle *o, const struct trace_record *r);
/* What is left of it is done, unless it was stopped there. */
void asked_end(struct oracle *o, bool stopped);

__attribute__((format(printf, 2, 3))) void oracle_differs(struct oracle *o,
							  const char *format,
							  ...);

#endif
