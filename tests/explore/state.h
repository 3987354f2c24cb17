/* SPDX-License-Identifier: MIT */
/*
 * A state of the explored machine as a string of bytes: everything that a later
 * step can depend on, and nothing else.
 */
#ifndef PW_TESTS_EXPLORE_STATE_H
#define PW_TESTS_EXPLORE_STATE_H

#include "tests/explore/scope.h"
#include "tests/explore/world.h"

#define STATE_MAX 320
#define FRAME_PART_MAX 32

struct state {
	uint8_t byte[STATE_MAX];
};

/* Place j of a state holds the free frame that the machine calls at[j]. */
struct naming {
	uint8_t at[MAX_NAMED];
};

/* How many bytes the states of this scope have; all of them. */
unsigned int state_size(const struct world *w);

/* As the machine is, frames by their own names. */
void state_read(struct world *w, struct state *ret);
/*
 * The same for all states that differ by the names of the free frames alone:
 * the least of their strings, and which naming makes it.
 */
void state_canonical(struct world *w, struct state *ret, struct naming *names);
/* The machine becomes what the state says. */
void state_write(struct world *w, const struct state *s);

uint64_t state_hash(const struct state *s, unsigned int size);

/*
 * Is the machine, to the last bit of its memory and records, what writing its
 * state makes of it? Otherwise a state would say too little. The machine is
 * written to.
 */
bool state_is_exact(struct world *w);

#endif
