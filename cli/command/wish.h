/* SPDX-License-Identifier: MIT */
/* `pagewarden run -- CMD`: what is wanted, as the options have it. */
#ifndef PW_CLI_COMMAND_WISH_H
#define PW_CLI_COMMAND_WISH_H

#include <stdbool.h>
#include <stddef.h>

#define WISH_COPIES 64

struct command_wish {
	char **words; /* the command; NULL: none is given */
	int nr_words;
	bool shell;          /* it has a terminal */
	const char *log;     /* where the kernel's log goes; NULL: nowhere */
	const char *rootfs;  /* a folder for the initial root; NULL: none */
	const char *modules; /* a folder of the kernel's modules, or NULL */
	const char *copy_in[WISH_COPIES]; /* SRC[:DST] */
	unsigned int nr_copy_in;
	const char *copy_out[WISH_COPIES]; /* SRC:DST */
	unsigned int nr_copy_out;
};

/* Is a command to be run in the guest? */
static inline bool command_wanted(const struct command_wish *w)
{
	return w->words != NULL || w->shell;
}

/* Options, as given. What is wrong with one, or NULL. */
const char *wish_copy_in(struct command_wish *w, const char *text);
const char *wish_copy_out(struct command_wish *w, const char *text);

/*
 * How `run -- CMD` ends where it is not by the command's own status: apart from
 * those, and as `git bisect run` understands them (125: cannot be told).
 */
enum command_status {
	COMMAND_GUEST = 123,   /* the guest's end came before the command's */
	COMMAND_TIMEOUT = 124, /* --timeout */
	COMMAND_OURS = 125,    /* bad usage or input, or Pagewarden failed */
};

#endif
