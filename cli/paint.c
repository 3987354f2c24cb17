/* SPDX-License-Identifier: MIT */
/*
 * Colours say nothing that words do not say, too: they help the eye to find the
 * one line of many.
 */
#include "cli/paint.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COLUMNS 80

static bool is_colourful(FILE *to)
{
	const char *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return (no == NULL || *no == '\0') && term != NULL &&
	       strcmp(term, "dumb") != 0 && isatty(fileno(to));
}

void paint(FILE *to, enum paint how, const char *text, int width)
{
	static const char *const codes[] = {
		[PAINT_GOOD] = "\033[32m",
		[PAINT_BAD] = "\033[31m",
	};
	const bool colourful = is_colourful(to);

	fprintf(to, "%s%s%s%*s", colourful ? codes[how] : "", text,
		colourful ? "\033[0m" : "",
		width > (int)strlen(text) ? width - (int)strlen(text) : 0, "");
}

void paint_wrapped(FILE *to, int indent, const char *text)
{
	int column = 0;

	while (*text != '\0') {
		int length = (int)strcspn(text, " ");

		if (column != 0 && column + 1 + length > COLUMNS) {
			fputc('\n', to);
			column = 0;
		}
		column += fprintf(to, "%*s%.*s", column == 0 ? indent : 1, "",
				  length, text);
		text += length;
		text += strspn(text, " ");
	}
	fputc('\n', to);
}
