/* SPDX-License-Identifier: MIT */
/* pagewarden run: see run_options.h for what it takes. */
#ifndef PW_CLI_RUN_H
#define PW_CLI_RUN_H

/* Returns an exit status of enum exit_status. */
int cmd_run(int argc, char **argv);

#endif
