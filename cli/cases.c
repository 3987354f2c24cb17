/* SPDX-License-Identifier: MIT */
/*
 * Whoever reads the cases does not see the exit status, so that they must not
 * be better than that. What the machine told is taken first; then the end of
 * the run as a whole is held against it, and where all seems well and is not,
 * the first case gets the reason.
 */
#define _GNU_SOURCE /* basename */

#include "cli/cases.h"

#include <stdio.h>
#include <string.h>

#include "cli/title.h"

static enum junit_outcome outcome_of(enum exit_status status)
{
	switch (status) {
	case STATUS_OK:
		return JUNIT_PASSED;
	case STATUS_GUEST:
		return JUNIT_FAILED;
	case STATUS_USAGE:
	case STATUS_OURS:
		break;
	}
	return JUNIT_ERROR;
}

static void add(struct run_cases *cases, const char *name,
		enum exit_status status, const struct run_report *r)
{
	struct run_case *c = &cases->list[cases->nr++];

	*c = (struct run_case){
		.seconds = r->seconds,
		.outcome = outcome_of(status),
	};
	snprintf(c->name, sizeof(c->name), "%s", name);
	if (status != STATUS_OK) {
		report_title(r, c->title, sizeof(c->title));
	}
}

void cases_of(struct run_cases *cases, const struct machine_report *m)
{
	*cases = (struct run_cases){.nr = 0};
	for (unsigned int i = 0; i < m->nr_lives; i++) {
		add(cases, monitor_name(m->lives[i].monitor),
		    machine_life_status(&m->lives[i]), &m->lives[i]);
	}
	if (m->nr_lives == 0) {
		add(cases, basename(m->whole->kernel), machine_status(m),
		    m->whole);
	} else if (machine_run_status(m->whole) != STATUS_OK) {
		add(cases, "run", machine_run_status(m->whole), m->whole);
	}
}

static bool all_passed(const struct run_cases *cases)
{
	for (unsigned int i = 0; i < cases->nr; i++) {
		if (cases->list[i].outcome != JUNIT_PASSED) {
			return false;
		}
	}
	return true;
}

void cases_conclude(struct run_cases *cases, const struct cases_end *end)
{
	struct run_case *c = &cases->list[0];

	if (cases->nr == 0) {
		*c = (struct run_case){.outcome = JUNIT_PASSED};
		snprintf(c->name, sizeof(c->name), "%s",
			 *end->kernel == '\0' ? "run" : basename(end->kernel));
		cases->nr = 1;
	}
	if (end->result == STATUS_OK || !all_passed(cases)) {
		return;
	}
	c->outcome = end->who != NULL || end->guest_is_guilty ? JUNIT_FAILED
							      : JUNIT_ERROR;
	if (end->who != NULL) {
		snprintf(c->title, sizeof(c->title), "%s ended with status %d",
			 end->who, end->status);
	} else if (*end->error != '\0') {
		snprintf(c->title, sizeof(c->title), "%s", end->error);
	} else {
		snprintf(c->title, sizeof(c->title), "exit status %d",
			 end->result);
	}
}

/* The same in the form that is written. */
static void as_junit(const struct run_cases *cases,
		     struct junit_case to[MONITOR_MAX_LIVES + 1])
{
	for (unsigned int i = 0; i < cases->nr; i++) {
		to[i] = (struct junit_case){
			.group = "boot",
			.name = cases->list[i].name,
			.seconds = cases->list[i].seconds,
			.outcome = cases->list[i].outcome,
			.title = cases->list[i].title,
		};
	}
}

bool cases_junit(const struct run_cases *cases, const char *path)
{
	struct junit_case list[MONITOR_MAX_LIVES + 1];

	as_junit(cases, list);
	return junit_file(path, "pagewarden", list, cases->nr);
}

void cases_tap(FILE *to, const struct run_cases *cases)
{
	struct junit_case list[MONITOR_MAX_LIVES + 1];

	as_junit(cases, list);
	tap_write(to, list, cases->nr);
}
