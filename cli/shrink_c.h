/* SPDX-License-Identifier: MIT */
/* A short trace as a unit test of the engine. */
#ifndef PW_CLI_SHRINK_C_H
#define PW_CLI_SHRINK_C_H

#include <stdbool.h>

#include "trace/file/reader.h"

/* On stdout. False, with a line said: there is something in it that has no C.
 */
bool shrink_c(const struct trace *t);

#endif
