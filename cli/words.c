/* SPDX-License-Identifier: MIT */
/*
 * Verbs that run guests hand what they do not know themselves to `run`, as
 * words, so that it is read and judged there.
 */
#define _GNU_SOURCE /* vasprintf */

#include "cli/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void words_add(struct words *w, const char *format, ...)
{
	char **more = realloc(w->list, ((size_t)w->nr + 2) * sizeof(*w->list));
	va_list args;

	if (more == NULL) {
		w->failed = true;
		return;
	}
	w->list = more;
	va_start(args, format);
	if (vasprintf(&more[w->nr], format, args) < 0) {
		w->failed = true;
	} else {
		w->nr++;
	}
	va_end(args);
	more[w->nr] = NULL;
}

void words_pass(struct words *w, const struct options_walk *walk)
{
	if (walk->argument == NULL) {
		words_add(w, "--%s", option_name(walk->id));
	} else {
		words_add(w, "--%s=%s", option_name(walk->id), walk->argument);
	}
}

void words_fini(struct words *w)
{
	for (int i = 0; i < w->nr; i++) {
		free(w->list[i]);
	}
	free(w->list);
	*w = (struct words){.nr = 0};
}
