/* SPDX-License-Identifier: MIT */
/*
 * XTF's images print their own verdict as their last line, "Test result: WORD";
 * what led to it, in lines "Error: ..." and "Failure: ..." before. An image
 * that did not come to say one is a crash, as for XTF's own runner.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cli/many/xtf_find.h"

#define RESULT "Test result: "

static const struct {
	const char *word;
	enum junit_outcome outcome;
	const char *reason; /* how the lines begin that tell it; NULL: none */
} verdicts[] = {
	{"SUCCESS", JUNIT_PASSED, NULL},
	{"SKIP", JUNIT_SKIPPED, "Skip"},
	{"ERROR", JUNIT_ERROR, "Error"},
	{"FAILURE", JUNIT_FAILED, "Fail"},
};

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* The first line that begins so, or the last one; NULL: there is none. */
static const char *line_of(const char *console, const char *with, bool last)
{
	const char *line = NULL;

	for (const char *at = console; at != NULL && *at != '\0';) {
		at += strspn(at, " \t");
		if (begins(at, with)) {
			line = at;
			if (!last) {
				return line;
			}
		}
		at = strchr(at, '\n');
		at = at == NULL ? NULL : at + 1;
	}
	return line;
}

/* A number of five digits and more is an address: another one each time. */
static void copy_stable(char *to, size_t size, const char *line)
{
	size_t used = strlen(to);

	while (*line != '\0' && *line != '\n' && *line != '\r' &&
	       used + 1 < size) {
		size_t digits = 0;

		while (isxdigit((unsigned char)line[digits])) {
			digits++;
		}
		if (digits >= 5 &&
		    strspn(line, "0123456789abcdefABCDEF") == digits) {
			to[used++] = '#';
			line += digits;
		} else {
			to[used++] = *line++;
		}
	}
	to[used] = '\0';
}

bool xtf_verdict(const char *console, struct run_case *to,
		 const char **ret_word)
{
	const char *result = line_of(console, RESULT, true);
	const char *why;

	*ret_word = "CRASH";
	for (size_t i = 0;
	     result != NULL && i < sizeof(verdicts) / sizeof(verdicts[0]);
	     i++) {
		if (!begins(result + strlen(RESULT), verdicts[i].word)) {
			continue;
		}
		*ret_word = verdicts[i].word;
		to->outcome = verdicts[i].outcome;
		to->title[0] = '\0';
		why = verdicts[i].reason == NULL
			      ? NULL
			      : line_of(console, verdicts[i].reason, false);
		if (verdicts[i].outcome != JUNIT_PASSED) {
			copy_stable(to->title, sizeof(to->title),
				    why != NULL ? why : verdicts[i].word);
		}
		return true;
	}
	return false;
}
