/* SPDX-License-Identifier: MIT */
/*
 * A set that only grows: open addressing, at most two thirds full. With n
 * states the chance that any two share a hash of 64 bits is about n^2 / 2^65:
 * for ten million one in 300 000. `exact` leaves nothing to chance.
 */
#include "tests/explore/visited.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *p)
{
	if (p == NULL) {
		fprintf(stderr, "explore: no memory\n");
		exit(2);
	}
	return p;
}

void visited_init(struct visited *v, unsigned int size, bool exact)
{
	*v = (struct visited){.room = 1 << 12, .size = size, .exact = exact};
	v->hash = must(calloc(v->room, sizeof(*v->hash)));
	v->number = must(calloc(v->room, sizeof(*v->number)));
}

void visited_fini(struct visited *v)
{
	free(v->hash);
	free(v->number);
	free(v->step);
	free(v->whole);
}

static uint64_t place_of(const struct visited *v, uint64_t hash)
{
	uint64_t i = hash & (v->room - 1);

	while (v->hash[i] != 0 && v->hash[i] != hash) {
		i = (i + 1) & (v->room - 1);
	}
	return i;
}

static void grow(struct visited *v)
{
	struct visited larger = *v;

	larger.room *= 2;
	larger.hash = must(calloc(larger.room, sizeof(*larger.hash)));
	larger.number = must(calloc(larger.room, sizeof(*larger.number)));
	for (uint64_t i = 0; i < v->room; i++) {
		if (v->hash[i] != 0) {
			uint64_t to = place_of(&larger, v->hash[i]);

			larger.hash[to] = v->hash[i];
			larger.number[to] = v->number[i];
		}
	}
	free(v->hash);
	free(v->number);
	*v = larger;
}

static void keep(struct visited *v, const void *state, struct step step)
{
	if (v->nr == v->step_room) {
		v->step_room = v->step_room == 0 ? 4096 : v->step_room * 2;
		v->step =
			must(realloc(v->step, v->step_room * sizeof(*v->step)));
	}
	if (v->exact && v->nr == v->whole_room) {
		v->whole_room = v->step_room;
		v->whole = must(realloc(v->whole, v->whole_room * v->size));
	}
	if (v->exact) {
		memcpy(v->whole + v->nr * v->size, state, v->size);
	}
	v->step[v->nr++] = step;
}

bool visited_add(struct visited *v, uint64_t hash, const void *state,
		 struct step step)
{
	uint64_t i;

	hash += hash == 0;
	i = place_of(v, hash);
	if (v->hash[i] != 0) {
		if (v->exact &&
		    memcmp(v->whole + (uint64_t)v->number[i] * v->size, state,
			   v->size) != 0) {
			fprintf(stderr, "explore: two states of one hash\n");
			exit(2);
		}
		return false;
	}
	v->hash[i] = hash;
	v->number[i] = (uint32_t)v->nr;
	keep(v, state, step);
	if (v->nr * 3 > v->room * 2) {
		grow(v);
	}
	return true;
}

uint64_t visited_bytes(const struct visited *v)
{
	return v->room * (sizeof(*v->hash) + sizeof(*v->number)) +
	       v->step_room * sizeof(*v->step) + v->whole_room * v->size;
}
