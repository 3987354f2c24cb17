/* SPDX-License-Identifier: MIT */
/*
 * interleave [long] [SECONDS]: two vCPUs at once, in every order of their
 * steps.
 *
 * Exhaustive: every pair of single operations, and every pair of the short
 * programs below, under the machine's lock as on metal and under the domain's
 * lock alone, with and without stops; a domain's operations beside another
 * domain's. By chance: longer programs, for SECONDS.
 *
 * The short form (no argument) leaves out what the long one is for: programs of
 * two, stops, events.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/random.h"
#include "tests/interleave/explore.h"
#include "tests/interleave/world.h"

/* What one of them does while the other does the like. */
static const struct program shorts[] = {
	{2, {OP_CLEAR, OP_PIN_L1}},      {2, {OP_MAP_RO, OP_PIN_L1}},
	{2, {OP_CLEAR_FLUSH, OP_LINK}},  {2, {OP_CLEAR_AND_LINK, OP_UNLINK}},
	{2, {OP_UNPIN_L1, OP_MAP_RW}},   {2, {OP_UNLINK, OP_MAP_RW}},
	{2, {OP_CLEAR, OP_FREE}},        {2, {OP_CLEAR, OP_EXCHANGE}},
	{2, {OP_TAKE, OP_MAP_RW}},       {2, {OP_PIN_L4, OP_CR3_OTHER}},
	{2, {OP_CR3_BACK, OP_UNPIN_L4}}, {2, {OP_USER_OTHER, OP_USER_NONE}},
	{2, {OP_MAP_RO, OP_LDT}},        {2, {OP_DIRECT, OP_STORE}},
	{2, {OP_STORE, OP_SCRIBBLE}},    {2, {OP_FLUSH_SET, OP_INVLPG_ALL}},
};
#define SHORTS (sizeof(shorts) / sizeof(shorts[0]))

/* What another domain can do that has an effect here: by the pool alone. */
static const enum op others[] = {OP_TAKE,      OP_FREE,  OP_EXCHANGE,
				 OP_MAP_RW,    OP_CLEAR, OP_CLEAR_FLUSH,
				 OP_FLUSH_ALL, OP_PIN_L1};
#define OTHERS (sizeof(others) / sizeof(others[0]))

static bool failed;

static void report(const char *what, bool ok, const struct explored *sum)
{
	printf("# %s: %llu pairs, %llu walks, %llu states, %llu steps, "
	       "%llu ends, the longest way %u steps\n",
	       what, (unsigned long long)sum->programs,
	       (unsigned long long)sum->walks, (unsigned long long)sum->states,
	       (unsigned long long)sum->steps, (unsigned long long)sum->ends,
	       sum->depth);
	printf("%sok - %s\n", ok ? "" : "not ", what);
	fflush(stdout);
	failed |= !ok;
}

static bool say_pair(const struct program *a, const struct program *b)
{
	const struct program *both[] = {a, b};

	for (unsigned int i = 0; i < 2; i++) {
		printf("# vCPU %u:", i);
		for (unsigned int n = 0; n < both[i]->nr; n++) {
			printf(" %s;", op_name(both[i]->op[n]));
		}
		printf("\n");
	}
	return false;
}

static bool pair(const struct program *a, const struct program *b,
		 struct explored *sum)
{
	return explore_all(a, b, sum) || say_pair(a, b);
}

static bool all_singles(struct explored *sum)
{
	bool ok = true;

	for (unsigned int a = 0; ok && a < OPS; a++) {
		for (unsigned int b = 0; ok && b < OPS; b++) {
			const struct program p = {1, {(uint8_t)a}};
			const struct program q = {1, {(uint8_t)b}};

			ok = pair(&p, &q, sum);
		}
	}
	return ok;
}

static bool all_shorts(struct explored *sum)
{
	bool ok = true;

	for (unsigned int a = 0; ok && a < SHORTS; a++) {
		for (unsigned int b = a; ok && b < SHORTS; b++) {
			ok = pair(&shorts[a], &shorts[b], sum);
		}
	}
	return ok;
}

/* Each single operation beside each that another domain can do. */
static bool all_beside(struct explored *sum)
{
	bool ok = true;

	for (unsigned int a = 0; ok && a < OPS; a++) {
		for (unsigned int b = 0; ok && b < OTHERS; b++) {
			const struct program p = {1, {(uint8_t)a}};
			const struct program q = {1, {(uint8_t)others[b]}};

			ok = pair(&p, &q, sum);
		}
	}
	return ok;
}

/* Each single operation, and then another, while the other CPU wants quiet. */
static bool all_quiet(struct explored *sum)
{
	const struct program q = {1, {OP_QUIET}};
	bool ok = true;

	for (unsigned int a = 0; ok && a < OPS; a++) {
		const struct program p = {2, {(uint8_t)a, OP_FLUSH_ALL}};

		ok = pair(&p, &q, sum);
	}
	return ok;
}

/* Each short program beside each single operation. */
static bool all_mixed(struct explored *sum)
{
	bool ok = true;

	for (unsigned int a = 0; ok && a < SHORTS; a++) {
		for (unsigned int b = 0; ok && b < OPS; b++) {
			const struct program q = {1, {(uint8_t)b}};

			ok = pair(&shorts[a], &q, sum);
		}
	}
	return ok;
}

static bool all_others(struct explored *sum)
{
	bool ok = true;

	for (unsigned int a = 0; ok && a < SHORTS; a++) {
		for (unsigned int b = 0; ok && b < OTHERS * OTHERS; b++) {
			const struct program q = {
				2,
				{(uint8_t)others[b % OTHERS],
				 (uint8_t)others[b / OTHERS]}};

			ok = pair(&shorts[a], &q, sum);
		}
	}
	return ok;
}

static struct program by_chance(struct sim_random *random, bool two_domains)
{
	struct program p;

	p.nr = (uint8_t)sim_random_between(random, 3, PROGRAM_MAX);
	for (unsigned int i = 0; i < p.nr; i++) {
		p.op[i] =
			(uint8_t)(two_domains ? others[sim_random_below(random,
									OTHERS)]
					      : sim_random_below(random, OPS));
	}
	return p;
}

static bool walks(struct explored *sum, uint64_t nr, uint64_t seed,
		  time_t until)
{
	for (uint64_t i = 0; i < nr || time(NULL) < until; i++) {
		struct sim_random random = sim_random_seed(seed + i);
		struct program a = by_chance(&random, false);
		struct program b =
			by_chance(&random, world.options.two_domains);

		if (!explore_walk(&a, &b, sim_random_next(&random), sum)) {
			printf("# seed %llu\n", (unsigned long long)seed + i);
			return say_pair(&a, &b);
		}
	}
	return true;
}

struct part {
	const char *name;
	struct world_options options;
	bool (*all)(struct explored *sum); /* NULL: by chance */
	bool is_long;
};

static const struct part parts[] = {
	{"single operations, the machine's lock",
	 {.machine_lock = true},
	 all_singles,
	 false},
	{"single operations, the domain's lock alone", {0}, all_singles, false},
	{"single operations, one stop each", {.stops = 1}, all_singles, true},
	{"single operations, events told",
	 {.watched = true},
	 all_singles,
	 true},
	{"a program of two beside one operation, the domain's lock alone",
	 {0},
	 all_mixed,
	 true},
	{"a program of two beside one operation, the machine's lock, a stop",
	 {.machine_lock = true, .stops = 1},
	 all_mixed,
	 true},
	{"programs of two, the domain's lock alone", {0}, all_shorts, true},
	{"programs of two, the machine's lock",
	 {.machine_lock = true},
	 all_shorts,
	 true},
	{"programs of two, the domain's lock alone, one stop each",
	 {.stops = 1},
	 all_shorts,
	 true},
	{"programs of two, two domains",
	 {.two_domains = true, .watched = true},
	 all_others,
	 true},
	{"single operations, alone, beside one who wants quiet",
	 {.alone = true, .each_asks_both = true},
	 all_quiet,
	 false},
	{"single operations, two domains, each asks both CPUs",
	 {.two_domains = true, .each_asks_both = true},
	 all_beside,
	 false},
	{"by chance, the machine's lock, two stops each",
	 {.machine_lock = true, .stops = 2},
	 NULL,
	 false},
	{"by chance, the domain's lock alone, two stops each",
	 {.stops = 2, .watched = true},
	 NULL,
	 false},
	{"by chance, two domains",
	 {.two_domains = true, .watched = true},
	 NULL,
	 false},
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

#define SHORT_WALKS 500

int main(int argc, char **argv)
{
	bool is_long = argc > 1 && strcmp(argv[1], "long") == 0;
	long seconds = argc > 1 + is_long ? atol(argv[1 + is_long]) : 0;
	const char *only = getenv("INTERLEAVE_ONLY");

	for (unsigned int i = 0; i < PARTS; i++) {
		const struct part *p = &parts[i];
		struct explored sum = {0};
		bool ok;

		if ((p->is_long && !is_long) ||
		    (only != NULL && strstr(p->name, only) == NULL)) {
			continue;
		}
		world_make(&p->options);
		ok = p->all != NULL ? p->all(&sum)
				    : walks(&sum, SHORT_WALKS, 1,
					    time(NULL) + seconds / 3);
		world_unmake();
		report(p->name, ok, &sum);
		if (!ok) {
			return 1;
		}
	}
	for (unsigned int op = 0; only == NULL && op < OPS; op++) {
		if (!op_succeeded[op]) {
			printf("not ok - %s is never carried out\n",
			       op_name(op));
			failed = true;
		}
	}
	return failed;
}
