/* SPDX-License-Identifier: MIT */
/* The way to a violation, for those who have to understand it. */
#ifndef PW_TESTS_EXPLORE_PATH_H
#define PW_TESTS_EXPLORE_PATH_H

#include "tests/explore/request.h"
#include "tests/explore/visited.h"

struct path {
	struct world *w;
	const struct request *requests;
	const struct visited *visited;
	struct step last; /* the step in which it happened */
};

/* As a list, and as the body of a unit test; as comments of TAP. */
void path_print(struct path *p, const char *fault);

#endif
