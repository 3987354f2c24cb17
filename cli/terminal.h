/* SPDX-License-Identifier: MIT */
/* The terminal in raw mode, for --interactive. */
#ifndef PW_CLI_TERMINAL_H
#define PW_CLI_TERMINAL_H

#include <stdbool.h>

#define TERMINAL_QUIT 0x1d /* Ctrl-] */

/*
 * Puts the terminal on fd into raw mode; does nothing if fd is none. It is
 * restored at exit at the latest. lines: what is shown has bare newlines.
 * Returns false if it cannot be.
 */
bool terminal_raw(int fd, bool lines);
/* May be called at any time, and more than once. */
void terminal_restore(void);

#endif
