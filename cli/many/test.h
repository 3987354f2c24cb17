/* SPDX-License-Identifier: MIT */
/* `pagewarden test`: a matrix of kernels, memory and vCPUs. */
#ifndef PW_CLI_MANY_TEST_H
#define PW_CLI_MANY_TEST_H

extern const char test_help[];

/* Returns an exit status of enum exit_status. */
int cmd_test(int argc, char **argv);

#endif
