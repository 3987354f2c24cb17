/* SPDX-License-Identifier: MIT */
/* A run as a whole, and its end. */
#ifndef PW_CLI_RUN_END_H
#define PW_CLI_RUN_END_H

#include <limits.h>

#include "cli/cases.h"
#include "cli/command/command.h"
#include "cli/core/dump.h"
#include "cli/guest_files.h"
#include "cli/recording.h"
#include "cli/remote.h"
#include "cli/session.h"

struct run {
	struct recording recording; /* with --record */
	struct dump dump;           /* with --dump */
	struct remote remote;       /* with --socket */
	char unnamed[64]; /* of a recording for the report alone, or "" */
	struct run_options options;
	struct guest guest[DOMAINS_MAX];
	unsigned int nr_guests;
	char hypervisor_path[PATH_MAX];
	struct qemu_config config;
	struct command command; /* if one is wanted */
	int command_status;     /* what it comes to; -1: it never began */
	struct run_cases cases;
	int signal; /* that ended the run, or 0 */
	char error[GUEST_ERROR_SIZE];
};

/* Is a command to be run in the guest? */
static inline bool has_command(const struct run *r)
{
	return command_wanted(&r->options.command);
}

/* The report of a run that has taken place. Returns its status. */
enum exit_status run_conclude(struct run *r, const struct session *s,
			      const char *asker);

/*
 * The run's cases, when its exit status is known, to where they are wanted.
 * Returns the status, which is another one if they cannot be written.
 */
int run_cases_end(struct run *r, int result);

#endif
