/* SPDX-License-Identifier: MIT */
/*
 * The command's own lines. A guest's console may share the terminal, or the
 * file, with them and may have stopped anywhere; a line of ours must still
 * begin a line. One flag is enough for that, since there is one console. And it
 * is one line, whatever names of files and a guest's words have in them: what
 * is no character, a terminal does not get.
 */
#define _GNU_SOURCE /* vasprintf */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/say.h"

static bool console_mid_line;
static bool no_notes;
static char last[512];

void say_console_mid_line(bool mid_line)
{
	console_mid_line = mid_line;
}

static bool same_file(int a, int b)
{
	struct stat x;
	struct stat y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

static void put_line(const char *text)
{
	fputs("pagewarden: ", stderr);
	for (; *text != '\0'; text++) {
		const unsigned char c = (unsigned char)*text;

		fputc(c < ' ' || c == 0x7f ? '?' : c, stderr);
	}
	fputc('\n', stderr);
}

static void say_list(const char *format, va_list args)
{
	va_list again;
	char *text;

	va_copy(again, args);
	if (console_mid_line && same_file(STDOUT_FILENO, STDERR_FILENO)) {
		fputc('\n', stderr);
	}
	console_mid_line = false;
	vsnprintf(last, sizeof(last), format, again);
	va_end(again);
	if (vasprintf(&text, format, args) < 0) {
		text = NULL; /* what is kept is the beginning */
	}
	put_line(text == NULL ? last : text);
	free(text);
	fflush(stderr);
}

const char *say_last(void)
{
	return last;
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_list(format, args);
	va_end(args);
}

void say_no_notes(void)
{
	no_notes = true;
}

void note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!no_notes) {
		say_list(format, args);
	}
	va_end(args);
}
