/* SPDX-License-Identifier: MIT */
/*
 * The command's own lines. A guest's console shares the terminal with them
 * and may have stopped anywhere; a line of ours must still begin a line. One
 * flag is enough for that, since there is one console.
 */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/say.h"

static bool console_mid_line;

void say_console_mid_line(bool mid_line)
{
	console_mid_line = mid_line;
}

void say(const char *format, ...)
{
	va_list args;

	if (console_mid_line && isatty(STDERR_FILENO)) {
		fputc('\n', stderr);
	}
	console_mid_line = false;
	fputs("pagewarden: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	fflush(stderr);
}
