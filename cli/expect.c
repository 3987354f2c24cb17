/* SPDX-License-Identifier: MIT */
/*
 * --expect: Knuth, Morris and Pratt's search. The console comes in pieces of
 * any size, often single bytes; this search keeps one number between them,
 * never looks at a byte twice, and so misses nothing at a border.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/expect.h"

static size_t advance(const struct expect *e, size_t matched, char c)
{
	while (matched > 0 && e->text[matched] != c) {
		matched = e->border[matched - 1];
	}
	return e->text[matched] == c ? matched + 1 : 0;
}

bool expect_init(struct expect *e, const char *text)
{
	*e = (struct expect){.text = text};
	if (text == NULL) {
		return true;
	}
	e->length = strlen(text);
	e->border = calloc(e->length + 1, sizeof(*e->border));
	if (e->border == NULL) {
		return false;
	}
	for (size_t i = 1; i < e->length; i++) {
		e->border[i] = advance(e, e->border[i - 1], text[i]);
	}
	e->seen = e->length == 0;
	return true;
}

void expect_fini(struct expect *e)
{
	free(e->border);
	e->border = NULL;
}

void expect_feed(struct expect *e, const char *data, size_t size)
{
	if (e->text == NULL) {
		return;
	}
	for (size_t i = 0; i < size && !e->seen; i++) {
		e->matched = advance(e, e->matched, data[i]);
		e->seen = e->matched == e->length;
	}
}
