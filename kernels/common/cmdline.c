/* SPDX-License-Identifier: MIT */
/* Words of the command line, separated by spaces. */
#include "kernels/common/kernel.h"

/* The text after name, at a word's beginning, or NULL. */
static const char *find(const char *cmdline, const char *name)
{
	bool start = true;

	for (; *cmdline; cmdline++) {
		size_t i = 0;

		while (start && name[i] && cmdline[i] == name[i]) {
			i++;
		}
		if (start && !name[i]) {
			return cmdline + i;
		}
		start = *cmdline == ' ';
	}
	return NULL;
}

bool cmdline_has(const char *cmdline, const char *word)
{
	const char *end = find(cmdline, word);

	return end != NULL && (*end == ' ' || *end == '\0');
}

const char *cmdline_text(const char *cmdline, const char *name)
{
	const char *end = find(cmdline, name);

	return end != NULL && *end == '=' ? end + 1 : NULL;
}

bool word_is(const char *text, const char *word)
{
	if (text == NULL) {
		return false;
	}
	while (*word && *text == *word) {
		text++;
		word++;
	}
	return !*word && (*text == ' ' || *text == '\0');
}

uint64_t cmdline_number(const char *cmdline, const char *name, uint64_t def)
{
	const char *text = cmdline_text(cmdline, name);
	uint64_t v = 0;

	if (text == NULL || *text < '0' || *text > '9') {
		return def;
	}
	for (; *text >= '0' && *text <= '9'; text++) {
		v = v * 10 + (uint64_t)(*text - '0');
	}
	return v;
}
