/* SPDX-License-Identifier: MIT */
/* One guest's run, from QEMU's start to its end. */
#ifndef PW_CLI_SESSION_H
#define PW_CLI_SESSION_H

#include "cli/qemu.h"
#include "cli/run_options.h"
#include "cli/silence.h"
#include "cli/summary.h"
#include "cli/why/live.h"

struct command;
struct dump;
struct recording;
struct remote;

struct session {
	/* To be set by the caller. */
	const struct run_options *options;
	struct qemu_config *config;
	uint64_t entry; /* the guest's first instruction */
	/* The caller's, initialized; it stays the caller's. */
	struct monitor *monitor;
	/*
	 * Of each domain, in the order of the options, as its lives are to be
	 * explained; and of each life, all-zero at first, to be ended by
	 * session_forget().
	 */
	const struct why_live *why_of;
	struct why_live *why;        /* MONITOR_MAX_LIVES */
	struct recording *recording; /* NULL: nothing is recorded */
	struct command *command;     /* NULL: none runs in the guest */
	struct dump *dump;           /* NULL: none is wanted */
	struct remote *remote;       /* NULL: nobody is heard */
	int silence; /* where the console goes when options->repeats is set */
	/* Results. */
	enum run_result result;
	bool expect_seen;
	struct silence shown; /* on the console */
	double seconds;
	int signal;                  /* that ended it, or 0 */
	char error[QEMU_ERROR_SIZE]; /* with RUN_QEMU_FAILED */
};

/* Of that life, the n-th told of: what explains it. */
struct why_live *session_why(struct session *session, unsigned int n,
			     const struct monitor *life);
void session_forget(struct session *session);

/* Returns 0 when the run is over; -1 if it never began, with error set. */
int session_run(struct session *session);

#endif
