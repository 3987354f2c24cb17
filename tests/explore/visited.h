/* SPDX-License-Identifier: MIT */
/* The states that were seen: a set of 64-bit hashes, and how each was met. */
#ifndef PW_TESTS_EXPLORE_VISITED_H
#define PW_TESTS_EXPLORE_VISITED_H

#include <stdbool.h>
#include <stdint.h>

#define NO_STATE UINT32_MAX

/* The step by which a state was met first. */
struct step {
	uint32_t from;    /* the state before, by number; NO_STATE: the start */
	uint32_t answers; /* of port_preempt() */
	uint16_t request;
};

struct visited {
	uint64_t *hash; /* 0: empty */
	uint32_t *number;
	uint64_t room; /* a power of two */
	struct step *step;
	uint64_t nr;
	uint64_t step_room;
	/* With `exact` every state is kept whole. */
	bool exact;
	unsigned int size;
	uint8_t *whole;
	uint64_t whole_room;
};

void visited_init(struct visited *v, unsigned int size, bool exact);
void visited_fini(struct visited *v);
/* False: it is there already. Two states of one hash: the program ends. */
bool visited_add(struct visited *v, uint64_t hash, const void *state,
		 struct step step);
uint64_t visited_bytes(const struct visited *v);

#endif
