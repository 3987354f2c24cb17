/* SPDX-License-Identifier: MIT */
/* `pagewarden trace`: what is in a trace, in words. */
#ifndef PW_CLI_TRACE_H
#define PW_CLI_TRACE_H

extern const char trace_help[];
int cmd_trace(int argc, char **argv);

#endif
