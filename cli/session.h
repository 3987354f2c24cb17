/* SPDX-License-Identifier: MIT */
/* One guest's run, from QEMU's start to its end. */
#ifndef PW_CLI_SESSION_H
#define PW_CLI_SESSION_H

#include "cli/qemu.h"
#include "cli/run_options.h"
#include "cli/summary.h"
#include "cli/why/live.h"

struct recording;

struct session {
	/* To be set by the caller. */
	const struct run_options *options;
	struct qemu_config *config;
	uint64_t entry; /* the guest's first instruction */
	/* The caller's, initialized; it stays the caller's. */
	struct monitor *monitor;
	struct why_live *why;
	struct recording *recording; /* NULL: nothing is recorded */
	int silence; /* where the console goes when options->repeats is set */
	/* Results. */
	enum run_result result;
	bool expect_seen;
	double seconds;
	int signal;                  /* that ended it, or 0 */
	char error[QEMU_ERROR_SIZE]; /* with RUN_QEMU_FAILED */
};

/* Returns 0 when the run is over; -1 if it never began, with error set. */
int session_run(struct session *session);

#endif
