/* SPDX-License-Identifier: MIT */
#ifndef PW_TESTS_INTERLEAVE_RECOUNT_H
#define PW_TESTS_INTERLEAVE_RECOUNT_H

#include "tests/unit/support/machine.h"

/*
 * The invariants, from the contents of tables, the pins and the roots alone,
 * between two operations. NULL, or what is wrong.
 */
const char *recount_all(struct machine *m);
/* Those that hold in the midst of operations, too; by what CPUs have cached. */
const char *recount_cached(struct machine *m);

#endif
