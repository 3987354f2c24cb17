/* SPDX-License-Identifier: MIT */
/* A command line of `run`'s that another verb makes. */
#ifndef PW_CLI_WORDS_H
#define PW_CLI_WORDS_H

#include <stdbool.h>

#include "cli/options.h"

struct words {
	char **list; /* NULL-terminated, each malloc'ed; NULL: none yet */
	int nr;
	bool failed; /* memory was short */
};

void words_add(struct words *words, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The option that was read last, as it was given. */
void words_pass(struct words *words, const struct options_walk *walk);
void words_fini(struct words *words);

#endif
