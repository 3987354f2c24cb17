/* SPDX-License-Identifier: MIT */
/* `pagewarden xtf`: the images of the Xen Test Framework. */
#ifndef PW_CLI_MANY_XTF_H
#define PW_CLI_MANY_XTF_H

extern const char xtf_help[];

/* Returns an exit status of enum exit_status. */
int cmd_xtf(int argc, char **argv);

#endif
