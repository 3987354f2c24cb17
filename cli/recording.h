/* SPDX-License-Identifier: MIT */
/* A run's trace: from the ring in the machine's memory to a file. */
#ifndef PW_CLI_RECORDING_H
#define PW_CLI_RECORDING_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/monitor.h"
#include "trace/file/writer.h"

struct recording {
	struct trace_writer writer;
	int memory;              /* the machine's RAM, as a file */
	uint64_t size;           /* of it */
	uint64_t words;          /* of the ring */
	uint64_t tail;           /* words taken */
	struct trace_ring *ring; /* NULL: not known yet */
	pthread_t thread;
	bool running;
	bool stop;
};

/* False: the file cannot be made, see writer.error. */
bool recording_open(struct recording *r, const char *path, int memory,
		    uint64_t size);
/*
 * Begins when the machine has told where its ring is. False: it cannot, or
 * something could not be written.
 */
bool recording_update(struct recording *r, const struct monitor *m);
/* The machine has ended: takes the rest. False: see writer.error. */
bool recording_close(struct recording *r);

#endif
