/* SPDX-License-Identifier: MIT */
/* Writes a stream of records as a trace file. */
#ifndef PW_TRACE_WRITER_H
#define PW_TRACE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "trace/file/reader.h"

struct trace_writer {
	FILE *file;
	void *context;   /* zstd's */
	uint64_t *block; /* of TRACE_BLOCK_MAX bytes */
	uint8_t *packed;
	size_t nr;        /* words in the block so far */
	uint64_t words;   /* in all */
	uint64_t written; /* bytes */
	bool failed;
	char error[TRACE_ERROR_SIZE]; /* with failed */
};

/* False with error set: cannot be opened, or memory is short. */
bool trace_writer_open(struct trace_writer *w, const char *path);
void trace_writer_put(struct trace_writer *w, const uint64_t *words, size_t nr);
/* Writes the rest and the end. False: some of it is not there, see error. */
bool trace_writer_close(struct trace_writer *w);

#endif
