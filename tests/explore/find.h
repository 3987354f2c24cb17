/* SPDX-License-Identifier: MIT */
/* Where an address leads, by the tables alone. */
#ifndef PW_TESTS_EXPLORE_FIND_H
#define PW_TESTS_EXPLORE_FIND_H

#include "tests/explore/world.h"

/*
 * The table that the walk of an address ends in, which goes by the first slot
 * at each level above: its name, or 0xff. It is an L1, or by a linear entry one
 * of a higher level.
 */
uint8_t find_last(const struct world *w, const struct mmu_vcpu *v);

#endif
