/* SPDX-License-Identifier: MIT */
/* `pagewarden report`: a recording as a page for a browser. */
#ifndef PW_CLI_REPORT_REPORT_H
#define PW_CLI_REPORT_REPORT_H

#include "cli/say.h"

extern const char report_help[];
int cmd_report(int argc, char **argv);

/* The recording's page; lab: a history whose runs are shown, or NULL. */
enum exit_status report_write(const char *recording, const char *out,
			      const char *lab);

#endif
