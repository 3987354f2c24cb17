/* SPDX-License-Identifier: MIT */
/*
 * The machine stands until we let it go on, to the instruction: it writes a
 * byte into a pipe that is full, and QEMU tries that again and again, with its
 * lock held, so that no timer of the machine's fires meanwhile.
 *
 * There are two pipes, written in turn: when the machine comes to the one, it
 * has written to the other, and that one is filled again before it may go on.
 */
#ifndef PW_CLI_PAUSES_H
#define PW_CLI_PAUSES_H

#include <stdbool.h>

#define PAUSES 2

struct pauses {
	int ours[PAUSES]; /* -1: not open */
	int theirs[PAUSES];
	unsigned int turn;
};

/* False: errno says why. */
bool pauses_open(struct pauses *pauses);
/* The machine has come to its next pause: it may go on. */
void pauses_release(struct pauses *pauses);
void pauses_close(struct pauses *pauses);

#endif
