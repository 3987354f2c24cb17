/* SPDX-License-Identifier: MIT */
/*
 * The invariants I1 to I9 of docs/engine.md as predicates over what the machine
 * holds: they share no code with the engine, nor with its audit, which is asked
 * beside them. Each speaks by world_fault().
 */
#ifndef PW_TESTS_EXPLORE_RULES_H
#define PW_TESTS_EXPLORE_RULES_H

#include "tests/explore/world.h"

/* Between two operations: all of them. */
void rules_check(struct world *w);
/* In the midst of one: what the CPUs have cached. */
void rules_midway(struct world *w);

/*
 * What a guest can tell of the machine: which frames it has and what is in
 * them, what it has pinned, loaded, mapped of others'. A refusal leaves it.
 */
struct view {
	uint8_t byte[384];
};
void rules_view(const struct world *w, struct view *ret);

#endif
