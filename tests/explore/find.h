/* SPDX-License-Identifier: MIT */
/* Where an address leads, by the tables alone. */
#ifndef PW_TESTS_EXPLORE_FIND_H
#define PW_TESTS_EXPLORE_FIND_H

#include "tests/explore/world.h"

/*
 * The L1 behind the addresses whose walk goes by the first slot at each level
 * above: its name, or 0xff where there is none in use.
 */
uint8_t find_l1(const struct world *w, const struct mmu_vcpu *v);

#endif
