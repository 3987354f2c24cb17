/* SPDX-License-Identifier: MIT */
/* Every interleaving of two programs, or one by chance. */
#ifndef PW_TESTS_INTERLEAVE_EXPLORE_H
#define PW_TESTS_INTERLEAVE_EXPLORE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/interleave/op.h"

/* Added up over all that is explored. */
struct explored {
	uint64_t programs;  /* pairs of them */
	uint64_t states;    /* different ones */
	uint64_t steps;     /* taken: each is checked */
	uint64_t ends;      /* states in which both programs were done */
	uint64_t walks;     /* by chance */
	unsigned int depth; /* the longest way, in steps */
};

/*
 * All ways in which the two programs can run, from the world as it was made.
 * False: a state in which something does not hold, a way that gets nowhere, or
 * one that is longer than the explorer goes; with the way printed as comments.
 */
bool explore_all(const struct program *first, const struct program *second,
		 struct explored *sum);
/* One way, by chance. */
bool explore_walk(const struct program *first, const struct program *second,
		  uint64_t seed, struct explored *sum);

#endif
