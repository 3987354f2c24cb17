/* SPDX-License-Identifier: MIT */
/* pagewarden inspect FILE [--memory SIZE] [--initrd FILE] */
#ifndef PW_CLI_INSPECT_H
#define PW_CLI_INSPECT_H

extern const char inspect_help[];

/* Returns the exit status: 0, or 2 if it cannot start or input is bad. */
int cmd_inspect(int argc, char **argv);

#endif
