/* SPDX-License-Identifier: MIT */
#ifndef PW_CLI_MACHINE_AGAIN_H
#define PW_CLI_MACHINE_AGAIN_H

#include <stdbool.h>

/* Do the words of `pagewarden replay` ask for a machine's? */
bool machine_is_named(int argc, char **argv);

/* `pagewarden replay --machine DIR`. Returns the status. */
int machine_again(int argc, char **argv);

#endif
