/* SPDX-License-Identifier: MIT */
/* Files that are to be written at the end of something long. */
#ifndef PW_CLI_OUTPUT_H
#define PW_CLI_OUTPUT_H

#include <stdbool.h>

/*
 * Can it be written? What is in it stays, and what was not there is not there
 * afterwards. False: errno says why not.
 */
bool output_check(const char *path);
/* It was not written to its end: nothing is left that looks as if. */
void output_forget(const char *path);
/* Is it what is read? */
bool output_is(const char *path, const char *input);

#endif
