/* SPDX-License-Identifier: MIT */
/* The report of a run on our hypervisor, held against what the history knows.
 */
#ifndef PW_CLI_LAB_METAL_WHY_H
#define PW_CLI_LAB_METAL_WHY_H

#include <stdbool.h>

#include "lab/history.h"

/* Is there anything to compare: does it fail, there too, by somebody's act? */
bool lab_metal_explains(const struct lab_case *c);
/* The console and the command's words: NULL, or what they say otherwise. */
const char *lab_metal_differs(const struct lab_case *c, const char *log);

#endif
