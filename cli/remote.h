/* SPDX-License-Identifier: MIT */
/* A run that is told things while it runs: --socket, and who talks to it. */
#ifndef PW_CLI_REMOTE_H
#define PW_CLI_REMOTE_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/run_options.h"

#define REMOTE_LINE 128

/* All of it -1 or 0 where there is no socket. */
struct remote {
	int listener;
	int client; /* -1: nobody is talking */
	char line[REMOTE_LINE];
	size_t length;
};

/* path NULL: none. Returns false, with errno. */
bool remote_open(struct remote *r, const char *path);
void remote_close(struct remote *r, const char *path);
/* What to wait for; -1: nothing, as of NULL. */
int remote_fd(const struct remote *r);
/*
 * Something came there: a line is carried out by a word to the hypervisor at
 * the other end of `control`, and answered.
 */
void remote_ready(struct remote *r, const struct run_options *o, int control);

extern const char vcpu_set_help[];
int cmd_vcpu_set(int argc, char **argv);

#endif
