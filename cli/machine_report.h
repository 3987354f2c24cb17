/* SPDX-License-Identifier: MIT */
/* The report of a run with one domain or several. */
#ifndef PW_CLI_MACHINE_REPORT_H
#define PW_CLI_MACHINE_REPORT_H

#include "cli/summary.h"

struct machine_report {
	const struct run_report *whole;
	/* Of each domain's lives, where there are several domains. */
	const struct run_report *lives;
	unsigned int nr_lives;
};

/* Of one life; a reboot after which it began again is no bad end. */
enum exit_status machine_life_status(const struct run_report *life);
/* What is to be said of a run beside its domains. */
enum exit_status machine_run_status(const struct run_report *whole);
/* The worst of all. */
enum exit_status machine_status(const struct machine_report *report);
/* A line on stderr for each, and one for the run. */
void machine_verdicts(const struct machine_report *report);
void machine_text(FILE *to, const struct machine_report *report);
/* One JSON document. Returns false if memory is short. */
bool machine_json(FILE *to, const struct machine_report *report);

#endif
