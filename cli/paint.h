/* SPDX-License-Identifier: MIT */
/* What a terminal can do: its width, and colours. */
#ifndef PW_CLI_PAINT_H
#define PW_CLI_PAINT_H

#include <stdbool.h>
#include <stdio.h>

enum paint {
	PAINT_GOOD,
	PAINT_BAD,
};

/*
 * Text in a colour, padded with spaces to so many columns. Only a terminal gets
 * colours, and not if NO_COLOR is set (https://no-color.org).
 */
void paint(FILE *to, enum paint how, const char *text, int width);

/* A paragraph in 80 columns, each line of it after so many spaces. */
void paint_wrapped(FILE *to, int indent, const char *text);

#endif
