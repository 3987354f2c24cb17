/* SPDX-License-Identifier: MIT */
/*
 * Copies, as the options name them: judged here, so that nothing is booted for
 * a wish that cannot be meant.
 */
#include "cli/command/wish.h"

#include <string.h>

static const char *keep(const char **list, unsigned int *nr, const char *text)
{
	if (*nr == WISH_COPIES) {
		return "is one too many";
	}
	list[(*nr)++] = text;
	return NULL;
}

const char *wish_copy_in(struct command_wish *w, const char *text)
{
	const char *colon = strrchr(text, ':');

	if (*text == '\0' || colon == text ||
	    (colon != NULL && colon[1] == '\0')) {
		return "is not SRC[:DST]";
	}
	return keep(w->copy_in, &w->nr_copy_in, text);
}

const char *wish_copy_out(struct command_wish *w, const char *text)
{
	const char *colon = strchr(text, ':');

	if (colon == NULL || colon == text || colon[1] == '\0' ||
	    strcmp(colon, ":/") == 0) {
		return "is not SRC:DST";
	}
	return keep(w->copy_out, &w->nr_copy_out, text);
}
