/* SPDX-License-Identifier: MIT */
/*
 * Full pipes, and how they are emptied. All that is to be read is there: the
 * machine has written to one pipe before it came to the other.
 */
#define _GNU_SOURCE /* pipe2, F_SETPIPE_SZ */

#include "cli/pauses.h"

#include <fcntl.h>
#include <unistd.h>

#define SMALLEST 4096

static void fill_pipe(struct pauses *p, unsigned int i)
{
	const char byte = 0;

	while (write(p->theirs[i], &byte, 1) == 1) {
	}
}

static void empty_pipe(const struct pauses *p, unsigned int i)
{
	char bytes[SMALLEST];

	while (read(p->ours[i], bytes, sizeof(bytes)) > 0) {
	}
}

bool pauses_open(struct pauses *p)
{
	*p = (struct pauses){.ours = {-1, -1}, .theirs = {-1, -1}};
	for (unsigned int i = 0; i < PAUSES; i++) {
		int ends[2];

		if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
			return false;
		}
		p->ours[i] = ends[0];
		p->theirs[i] = ends[1];
		/* It works with more, too. */
		(void)!fcntl(ends[1], F_SETPIPE_SZ, SMALLEST);
		fill_pipe(p, i);
	}
	return true;
}

void pauses_release(struct pauses *p)
{
	const unsigned int other = !p->turn;

	empty_pipe(p, other);
	fill_pipe(p, other);
	empty_pipe(p, p->turn);
	p->turn = other;
}

void pauses_close(struct pauses *p)
{
	for (unsigned int i = 0; i < PAUSES; i++) {
		if (p->ours[i] >= 0) {
			close(p->ours[i]);
			close(p->theirs[i]);
			p->ours[i] = -1;
			p->theirs[i] = -1;
		}
	}
}
