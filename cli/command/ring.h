/* SPDX-License-Identifier: MIT */
/* Messages through the pipe (abi/pipe.h), from the command's side. */
#ifndef PW_CLI_COMMAND_RING_H
#define PW_CLI_COMMAND_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/pipe.h"

struct ring {
	struct pipe_rings *rings; /* NULL: not known yet */
	uint64_t out_tail;        /* bytes taken */
	uint64_t in_head;         /* bytes given */
	struct pipe_head head;    /* of the message that is coming in */
	unsigned char data[PIPE_MESSAGE_MAX];
	size_t got; /* of head and data */
	bool broken;
};

/* The rings at a machine address, in the machine's RAM as a file. */
bool ring_open(struct ring *r, int memory, uint64_t ram, uint64_t at);
void ring_close(struct ring *r);

/* Reads on; true: a whole message, until ring_done(). */
bool ring_receive(struct ring *r);
void ring_done(struct ring *r);

/* How large a message may be now. */
size_t ring_room(const struct ring *r);
/* No larger than that. */
void ring_send(struct ring *r, enum pipe_in kind, const void *data,
	       size_t size);

#endif
