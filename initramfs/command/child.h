/* SPDX-License-Identifier: MIT */
/* The command that is to be run in the guest. */
#ifndef PW_INITRAMFS_COMMAND_CHILD_H
#define PW_INITRAMFS_COMMAND_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct child {
	pid_t pid;
	/* Our ends, -1: closed. Of a terminal in and out are the same. */
	int in;
	int out;
	int err;
	bool terminal;
};

/* The exit status that says it cannot be run, told on its stderr; or 0. */
int child_start(struct child *c, char **argv, bool terminal);

/* Looks for ended processes; true if the command was among them. */
bool child_reap(const struct child *c, int *ret_status);

#endif
