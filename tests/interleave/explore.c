/* SPDX-License-Identifier: MIT */
/*
 * Depth first over states, not over ways: a state that was met before is not
 * gone into again, whatever led to it, so that loops that wait end by
 * themselves, and all ways are covered at the cost of the states that there
 * are. A choice is which CPU takes its step, and what a question is answered.
 *
 * No way is cut short: DEPTH is not a bound of the search but of the table,
 * and to reach it is a failure.
 */
#include "tests/interleave/explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/random.h"
#include "tests/interleave/world.h"

#define DEPTH 2000
#define CHOICES (WORLD_CPUS * 2)
#define WALK_STEPS 5000

struct level {
	struct world_state *state;
	uint64_t hash;
	unsigned int next;  /* choice */
	unsigned int moved; /* choices that led elsewhere */
	unsigned int tried;
};

/* What was chosen on the way, to be told. */
struct chosen {
	uint8_t cpu;
	bool answer;
	uint8_t op;
	const char *at;
};

static struct level level[DEPTH];
static struct chosen way[WALK_STEPS];

/* --- the states that were met ----------------------------------------------
 */

static uint64_t *met;
static uint64_t met_nr, met_room;

static bool meet(uint64_t hash);

static void met_grow(void)
{
	uint64_t *old = met;
	uint64_t nr = met_room;

	met_room = nr == 0 ? 1u << 16 : nr * 2;
	met = calloc(met_room, sizeof(*met));
	if (met == NULL) {
		abort();
	}
	met_nr = 0;
	for (uint64_t i = 0; i < nr; i++) {
		if (old[i] != 0) {
			(void)meet(old[i]);
		}
	}
	free(old);
}

/* True: for the first time. */
static bool meet(uint64_t hash)
{
	uint64_t i;

	if (met_nr * 2 >= met_room) {
		met_grow();
	}
	hash |= hash == 0;
	for (i = hash % met_room; met[i] != 0; i = (i + 1) % met_room) {
		if (met[i] == hash) {
			return false;
		}
	}
	met[i] = hash;
	met_nr++;
	return true;
}

static void met_forget(void)
{
	if (met_room > 0) {
		memset(met, 0, met_room * sizeof(*met));
	}
	met_nr = 0;
}

/* --- steps ------------------------------------------------------------------
 */

static void tell(unsigned int steps)
{
	printf("# %s\n# the way there:\n", world.why);
	for (unsigned int i = 0; i < steps; i++) {
		printf("#   vCPU %u, %s: %s%s\n", way[i].cpu,
		       way[i].op < OPS ? op_name(way[i].op) : "done", way[i].at,
		       way[i].answer ? " (yes)" : "");
	}
}

/* A question, or an interrupt that may come after the step. */
static bool has_two(unsigned int cpu)
{
	const struct world_cpu *c = &world.cpu[cpu];

	return c->question || (c->interrupted && !c->inside && !c->done);
}

static bool possible(unsigned int choice)
{
	unsigned int cpu = choice % WORLD_CPUS;

	return world_can_run(cpu) && (choice < WORLD_CPUS || has_two(cpu));
}

static bool take(unsigned int choice, unsigned int step, struct explored *sum)
{
	unsigned int cpu = choice % WORLD_CPUS;
	const struct world_cpu *c = &world.cpu[cpu];

	way[step] = (struct chosen){
		.cpu = (uint8_t)cpu,
		.answer = choice >= WORLD_CPUS,
		.op = c->done ? OPS : c->program.op[c->op],
		.at = c->at,
	};
	sum->steps++;
	if (!world_run(cpu, choice >= WORLD_CPUS)) {
		tell(step + 1);
		return false;
	}
	return true;
}

static void stand(struct level *l, uint64_t hash, struct explored *sum)
{
	*l = (struct level){.state = world_save(), .hash = hash};
	sum->states++;
	sum->ends += world_all_done();
}

/* All choices are tried. */
static bool left(struct level *l, unsigned int depth)
{
	bool stuck = l->tried != 0 && l->moved == 0;

	if (stuck) {
		world_restore(l->state);
		snprintf(world.why, sizeof(world.why), "no CPU gets on");
		tell(depth);
	}
	world_forget(l->state);
	return !stuck;
}

static void abandon(unsigned int depth)
{
	for (unsigned int i = 0; i <= depth; i++) {
		world_forget(level[i].state);
	}
}

static bool search(struct explored *sum)
{
	unsigned int depth = 0;

	stand(&level[0], world_hash(), sum);
	(void)meet(level[0].hash);
	for (;;) {
		struct level *l = &level[depth];
		uint64_t hash;

		if (l->next == CHOICES) {
			if (!left(l, depth)) {
				if (depth > 0) {
					abandon(depth - 1);
				}
				return false;
			}
			if (depth-- == 0) {
				return true;
			}
			continue;
		}
		world_restore(l->state);
		if (!possible(l->next++)) {
			continue;
		}
		l->tried++;
		if (!take(l->next - 1, depth, sum)) {
			abandon(depth);
			return false;
		}
		hash = world_hash();
		l->moved += hash != l->hash;
		if (meet(hash)) {
			if (++depth == DEPTH) {
				printf("# a way is longer than %d steps\n",
				       DEPTH);
				abandon(depth - 1);
				return false;
			}
			sum->depth = depth > sum->depth ? depth : sum->depth;
			stand(&level[depth], hash, sum);
		}
	}
}

/* The world as it was made: saved once, gone back to each time. */
static struct world_state *made(void)
{
	static struct world_state *state;
	static unsigned int of;

	if (of != world.number) {
		world_forget(state);
		state = world_save();
		of = world.number;
	}
	return state;
}

static void start(const struct program *first, const struct program *second)
{
	static const struct program none;

	if (world.cpu[0].thread.sp == NULL) {
		world_start(&none, &none);
	}
	world_restore(made());
	world_start(first, second);
}

bool explore_all(const struct program *first, const struct program *second,
		 struct explored *sum)
{
	uint64_t ends = sum->ends;
	bool ok;

	start(first, second);
	met_forget();
	sum->programs++;
	ok = search(sum);
	if (ok && sum->ends == ends) {
		printf("# no way comes to its end\n");
		ok = false;
	}
	return ok;
}

bool explore_walk(const struct program *first, const struct program *second,
		  uint64_t seed, struct explored *sum)
{
	struct sim_random random = sim_random_seed(seed);
	unsigned int step = 0;

	start(first, second);
	sum->walks++;
	while (!world_all_done()) {
		unsigned int choice =
			(unsigned int)sim_random_below(&random, CHOICES);

		if (!possible(choice)) {
			continue;
		}
		if (step == WALK_STEPS) {
			printf("# a walk of %d steps comes to no end\n",
			       WALK_STEPS);
			return false;
		}
		if (!take(choice, step++, sum)) {
			return false;
		}
	}
	sum->depth = step > sum->depth ? step : sum->depth;
	return true;
}
