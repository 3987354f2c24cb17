/* SPDX-License-Identifier: MIT */
/* What QEMU writes to its stderr. */
#ifndef PW_CLI_MESSAGES_H
#define PW_CLI_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>

#define MESSAGES_LINE 256

struct messages {
	char line[MESSAGES_LINE]; /* that is arriving */
	size_t length;
	char last[MESSAGES_LINE];
	bool held;  /* the last line, back for the verdict */
	bool alive; /* the machine has shown life: no more of that */
	/* KVM does not go on: `last` says so, and nothing more is told. */
	bool given_up;
};

void messages_feed(struct messages *m, const char *data, size_t size);
/* The machine runs: what QEMU has said was no last word. */
void messages_alive(struct messages *m);
/* No more comes. */
void messages_end(struct messages *m);
/* Says the line that is held back. */
void messages_release(struct messages *m);

#endif
