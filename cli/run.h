/* SPDX-License-Identifier: MIT */
/* pagewarden run: see run_options.h for what it takes. */
#ifndef PW_CLI_RUN_H
#define PW_CLI_RUN_H

#include "cli/run_options.h"

/* Returns an exit status of enum exit_status. */
int cmd_run(int argc, char **argv);

/* With options that have been parsed. Returns the status. */
int run_with(const struct run_options *options);

#endif
