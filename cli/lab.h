/* SPDX-License-Identifier: MIT */
/* pagewarden lab: the histories, run and shown. */
#ifndef PW_CLI_LAB_H
#define PW_CLI_LAB_H

extern const char lab_help[];

/* Returns the exit status: 1 if an outcome is not the recorded one. */
int cmd_lab(int argc, char **argv);

#endif
