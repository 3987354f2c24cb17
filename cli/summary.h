/* SPDX-License-Identifier: MIT */
/* How a run ended: its status, and the report for people or for programs. */
#ifndef PW_CLI_SUMMARY_H
#define PW_CLI_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/monitor.h"
#include "cli/say.h"

enum run_result {
	RUN_POWERED_OFF,
	RUN_REBOOTED,
	RUN_CRASHED,
	RUN_HALTED,  /* no vCPU runs, no shutdown was asked for */
	RUN_STOPPED, /* --stop-at, --stop-at-refusal */
	RUN_TIMED_OUT,
	RUN_SEEN,        /* what --until names */
	RUN_FAIL_SEEN,   /* what --fail-on names */
	RUN_QUIT,        /* Ctrl-], or a signal */
	RUN_HV_FAILED,   /* the hypervisor said so, or reset the machine */
	RUN_QEMU_FAILED, /* QEMU ended as no guest makes it end */
	RUN_BAD_CPU,     /* QEMU does not know the model */
	RUN_OUTPUT_FAILED,
};

struct run_report {
	enum run_result result;
	const struct monitor *monitor;
	const cJSON *reports; /* as cli/why/members.h has them, or NULL */
	const char *expect;   /* NULL: nothing was expected */
	bool expect_seen;
	bool strict;        /* refusals are failures */
	bool audit;         /* one was asked for */
	bool icount;        /* instructions were counted */
	uint64_t memory;    /* the guest's, bytes */
	double seconds;     /* from QEMU's start to its end */
	const char *kernel; /* as the user named it */
	const char *asker;  /* function behind the first refusal; or "" */
	const char *detail; /* of RUN_HV_FAILED, RUN_QEMU_FAILED; or "" */
};

enum exit_status report_status(const struct run_report *report);

/*
 * How a life ended among others, by what was told of it; `otherwise` where that
 * was not its own doing.
 */
enum run_result report_result(const struct monitor *life,
			      enum run_result otherwise);

/* One line that says how it ended, e.g. "guest crashed: REASON". */
void report_verdict(const struct run_report *report, char *line, size_t size);

void summary_text(FILE *to, const struct run_report *report);
/* One JSON document. Returns false if memory is short. */
bool summary_json(FILE *to, const struct run_report *report);
/* Its members, into an object. */
bool summary_fill(cJSON *object, const struct run_report *report);
/* Prints a document, if it was filled, and frees it. False: it was not told. */
bool summary_print(FILE *to, cJSON *document, bool filled);

#endif
