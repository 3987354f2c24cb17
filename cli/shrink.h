/* SPDX-License-Identifier: MIT */
/* `pagewarden shrink`: a recording cut down to what a refusal takes. */
#ifndef PW_CLI_SHRINK_H
#define PW_CLI_SHRINK_H

extern const char shrink_help[];
int cmd_shrink(int argc, char **argv);

#endif
