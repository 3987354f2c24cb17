/* SPDX-License-Identifier: MIT */
/* Messages through the pipe (abi/pipe.h), from the guest's side. */
#ifndef PW_INITRAMFS_COMMAND_PIPE_H
#define PW_INITRAMFS_COMMAND_PIPE_H

#include <stdbool.h>
#include <stddef.h>

#include "abi/pipe.h"

/* Returns when all of it is in the pipe. */
void pipe_send(enum pipe_out kind, const void *data, size_t size);
void pipe_text(enum pipe_out kind, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

struct pipe_message {
	struct pipe_head head;
	unsigned char data[PIPE_MESSAGE_MAX];
	size_t got; /* of head and data */
};

/* Reads on; true when there is a whole message, until pipe_done(). */
bool pipe_receive(struct pipe_message *m);
void pipe_done(struct pipe_message *m);

#endif
