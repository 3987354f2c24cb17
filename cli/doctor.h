/* SPDX-License-Identifier: MIT */
/* `pagewarden doctor`: one kernel, one verdict, for people and git bisect. */
#ifndef PW_CLI_DOCTOR_H
#define PW_CLI_DOCTOR_H

#include "cli/summary.h"

extern const char doctor_help[];
int cmd_doctor(int argc, char **argv);

/* Phases, verdict and title of a run, on stdout. */
void doctor_report(const struct run_report *report);

#endif
