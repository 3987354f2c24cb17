/* SPDX-License-Identifier: MIT */
/* What a program needs beside itself: its loader and its libraries. */
#ifndef PW_CLI_COMMAND_LIBRARIES_H
#define PW_CLI_COMMAND_LIBRARIES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define LIBRARIES_MAX 512

struct libraries {
	char *path[LIBRARIES_MAX]; /* in the order in which they were found */
	unsigned int nr;
	char error[384];
};

/*
 * Adds those of a program, or nothing if it is no dynamic one. False: with a
 * line in error.
 */
bool libraries_of(struct libraries *l, const char *program);
void libraries_fini(struct libraries *l);

/* The folders they are in, with : between, for LD_LIBRARY_PATH. */
bool libraries_folders(const struct libraries *l, char *text, size_t size);

#endif
