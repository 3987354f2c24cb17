/* SPDX-License-Identifier: MIT */
/*
 * Many runs, each in a process of its own: side by side as far as this host has
 * processors and memory for them, and told in their own order.
 */
#ifndef PW_CLI_MANY_MANY_H
#define PW_CLI_MANY_MANY_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cli/cases.h"
#include "cli/run_options.h"

/* What a run's process tells. */
struct many_told {
	bool told;
	int status;
	struct run_cases cases;
};

enum many_state {
	MANY_WAITS,
	MANY_RUNS,
	MANY_ENDED,
};

struct many_job {
	/* To be set; of one domain. */
	struct run_options options;
	int log; /* where its console and its messages go */
	/* What it came to, with MANY_ENDED. */
	struct run_case result;
	int status;       /* the exit status, of enum exit_status */
	const char *word; /* for the outcome; NULL: the table's own */
	/* The pool's. */
	enum many_state state;
	pid_t pid;
	uint64_t cost; /* of the host's memory */
	unsigned int cpus;
};

struct many {
	struct many_job *jobs;
	unsigned int nr;
	unsigned int cpus; /* that they may take together */
	uint64_t memory;   /* likewise */
	struct many_told *told;
	int signal; /* that ended it all, or 0 */
	sigset_t wanted;
	sigset_t old;
};

/* cpus 0: the host's. False: memory is short. */
bool many_begin(struct many *many, struct many_job *jobs, unsigned int nr,
		unsigned int cpus);
/* Until that one has ended. After a signal all end, or are not begun. */
void many_wait(struct many *many, unsigned int which);
/* All have ended. Dies of the signal that ended them, if one did. */
void many_end(struct many *many);

#endif
