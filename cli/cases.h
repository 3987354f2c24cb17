/* SPDX-License-Identifier: MIT */
/*
 * A run as cases of a test: one, or one for each life of each domain. They say
 * the same as its exit status, whatever became of it.
 */
#ifndef PW_CLI_CASES_H
#define PW_CLI_CASES_H

#include <stdbool.h>

#include "cli/junit.h"
#include "cli/machine_report.h"

#define CASES_NAME 128
#define CASES_TITLE 512

struct run_case {
	char name[CASES_NAME];
	char title[CASES_TITLE]; /* "": it passed */
	double seconds;
	enum junit_outcome outcome;
};

struct run_cases {
	struct run_case list[MONITOR_MAX_LIVES + 1];
	unsigned int nr;
};

/* Of a run that took place. */
void cases_of(struct run_cases *cases, const struct machine_report *machine);

/* How it ended, beside what the machine told. */
struct cases_end {
	const char *kernel;   /* the path, maybe "" */
	const char *error;    /* what Pagewarden could not do; or "" */
	const char *who;      /* ended with `status`: "the command" ...; NULL */
	int status;           /* of that */
	int result;           /* the exit status of the whole */
	bool guest_is_guilty; /* where nobody is named */
};

/* Nothing has passed where the exit status is not 0, and nothing failed else.
 */
void cases_conclude(struct run_cases *cases, const struct cases_end *end);

/* As JUnit's XML, what is wrong is said, and as TAP. */
bool cases_junit(const struct run_cases *cases, const char *path);
void cases_tap(FILE *to, const struct run_cases *cases);

#endif
