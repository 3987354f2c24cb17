/* SPDX-License-Identifier: MIT */
/* What must be allowed: a refusal needs a reason. */
#ifndef PW_TESTS_EXPLORE_ALLOW_H
#define PW_TESTS_EXPLORE_ALLOW_H

#include "tests/explore/request.h"

/* The request was refused in this state, to which the machine is back. */
void allow_check(struct world *w, const struct request *r);

#endif
