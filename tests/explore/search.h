/* SPDX-License-Identifier: MIT */
/* Breadth first over all states of a scope. */
#ifndef PW_TESTS_EXPLORE_SEARCH_H
#define PW_TESTS_EXPLORE_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/explore/scope.h"

struct search_options {
	bool progress;       /* a line for each depth, to stderr */
	bool exact;          /* keep states whole: no two by one hash */
	uint64_t max_states; /* stop there; 0: at an empty frontier alone */
	double max_seconds;  /* or then */
};

struct search_result {
	uint64_t states;
	uint64_t steps;     /* requests made, each with one run of answers */
	uint64_t cut;       /* requests whose answers were too many for all */
	unsigned int depth; /* of the last state that was new */
	uint64_t bytes;     /* kept at most */
	double seconds;     /* of the processor's time */
	bool complete;      /* the frontier is empty */
	bool violated;      /* and then the way there has been printed */
};

void search_run(const struct scope *scope, const struct search_options *options,
		struct search_result *ret);

#endif
