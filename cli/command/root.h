/* SPDX-License-Identifier: MIT */
/* The initial root of a guest that runs a command. */
#ifndef PW_CLI_COMMAND_ROOT_H
#define PW_CLI_COMMAND_ROOT_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/command/wish.h"

/*
 * A descriptor of it, in memory: what is in `base` (-1: nothing), which may be
 * packed, then the command's files and the guest's first process. -1 with a
 * line in error. own: base is our own, with busybox.
 */
int root_make(const struct command_wish *wish, int base, bool own, char *error,
	      size_t size);

#endif
