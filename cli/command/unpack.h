/* SPDX-License-Identifier: MIT */
/* The archive that a guest sends: what --copy-out asks for. */
#ifndef PW_CLI_COMMAND_UNPACK_H
#define PW_CLI_COMMAND_UNPACK_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/command/wish.h"

#define UNPACK_HEAD 110

struct unpack_place {
	int folder;
	char name[NAME_MAX + 1];
};

struct unpack {
	struct unpack_place place[WISH_COPIES];
	unsigned int nr_places;
	const struct command_wish *wish;
	/* Of the entry that is coming in. */
	char head[UNPACK_HEAD + PATH_MAX + 4];
	size_t got;
	size_t want;      /* of head and name; 0: the head is not all there */
	uint64_t left;    /* bytes of data */
	uint64_t padding; /* and behind them */
	uint32_t mode;
	int fd; /* of a regular file; -1: none is open */
	char link[PATH_MAX];
	size_t link_size;
	bool ended;
	bool failed;
	char error[384];
};

/* Opens the places. False, as for all of these: a line in error. */
bool unpack_init(struct unpack *u, const struct command_wish *wish);
void unpack_fini(struct unpack *u);
bool unpack_feed(struct unpack *u, const void *data, size_t size);
/* No more comes. False: it was not all. */
bool unpack_end(struct unpack *u);

#endif
