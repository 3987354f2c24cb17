/* SPDX-License-Identifier: MIT */
/* Results as JUnit's XML, which every CI reads, or as TAP 13. */
#ifndef PW_CLI_JUNIT_H
#define PW_CLI_JUNIT_H

#include <stdbool.h>
#include <stdio.h>

enum junit_outcome {
	JUNIT_PASSED,
	JUNIT_FAILED,  /* the subject is wrong */
	JUNIT_ERROR,   /* it could not be told */
	JUNIT_SKIPPED, /* it says so of itself */
};

struct junit_case {
	const char *group; /* of which it is one */
	const char *name;
	double seconds;
	enum junit_outcome outcome;
	const char *title;  /* one line, the same for the same failure; or "" */
	const char *output; /* the end of what it has shown; NULL: none */
};

/* One suite. False: it could not all be written. */
bool junit_write(FILE *to, const char *suite, const struct junit_case *cases,
		 unsigned int nr);
/* Empties the file, for what is to come; what is wrong is said. */
bool junit_reserve(const char *path);
/* The same to a new file; what is wrong is said. */
bool junit_file(const char *path, const char *suite,
		const struct junit_case *cases, unsigned int nr);

/* Has one been written in this process, or been said why it cannot be? */
bool junit_is_told(void);

void tap_write(FILE *to, const struct junit_case *cases, unsigned int nr);

#endif
