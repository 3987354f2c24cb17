/* SPDX-License-Identifier: MIT */
/* --dump: when a domain's memory is written, and what is said of it. */
#ifndef PW_CLI_CORE_DUMP_H
#define PW_CLI_CORE_DUMP_H

#include <sys/types.h>

#include "cli/core/core.h"
#include "cli/monitor.h"

struct dump {
	const char *path;
	int fd;
	bool written;
	char error[CORE_ERROR]; /* once it has failed */
};

/* Before anything else: false, and errno, if the file cannot be made. */
bool dump_open(struct dump *d, const char *path);
/*
 * The domain has stopped and waits: QEMU stands while its memory is read. Of
 * several lives the last one's is left.
 */
void dump_take(struct dump *d, pid_t qemu, const struct core_source *source);
/* False: there is no dump, and the line in d->error says why. */
bool dump_close(struct dump *d);

#endif
