/* SPDX-License-Identifier: MIT */
/* A failure in one line, the same for the same failure. */
#ifndef PW_CLI_TITLE_H
#define PW_CLI_TITLE_H

#include <stddef.h>

#include "cli/summary.h"

void report_title(const struct run_report *report, char *text, size_t size);

#endif
