/* SPDX-License-Identifier: MIT */
/*
 * bench-native: how fast the engine's objects, as the hypervisor links them,
 * are on this processor, beside what its memory allows.
 *
 *   bench-native [-s] [-r ROUNDS] [-j FILE] [GIB...]    sizes: 1, 16 and 64
 *
 * Rounds go through all rows one after the other, so that whatever else the
 * machine does falls upon all alike. Of each row the median and the least are
 * told, and of the ratios to the row's bound, each formed within a round, the
 * median. Nanoseconds are the machine's; ratios may be compared. With -s each
 * round waits for a line of input and answers with one, so that two builds can
 * take turns (bench/native-compare).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/native/rows.h"

#define MAX_ROUNDS 101
#define MAX_ROWS 64
#define RARE_ROUNDS 3

struct series {
	unsigned int nr;
	double seen[MAX_ROUNDS]; /* as they came */
	double value[MAX_ROUNDS];
	double ratio[MAX_ROUNDS]; /* to the bound, of the same round */
};

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void sort(struct series *s)
{
	qsort(s->value, s->nr, sizeof(s->value[0]), by_value);
	qsort(s->ratio, s->nr, sizeof(s->ratio[0]), by_value);
}

static unsigned int row_named(const char *name)
{
	unsigned int i = 0;

	while (i < nr_rows && strcmp(rows[i].name, name) != 0) {
		i++;
	}
	return i;
}

static void one_round(struct world *w, struct series *s, unsigned int round)
{
	for (unsigned int i = 0; i < nr_rows; i++) {
		const struct row *r = &rows[i];
		unsigned int n = s[i].nr;
		double v;

		if (r->rare && round >= RARE_ROUNDS) {
			continue;
		}
		v = r->run(w, r->batch);
		s[i].seen[n] = v;
		s[i].value[n] = v;
		s[i].ratio[n] =
			r->bound == NULL
				? 1
				: v / s[row_named(r->bound)].seen[round];
		s[i].nr++;
	}
}

static void tell_json(FILE *json, const struct row *r, const struct series *s,
		      double median, double ratio)
{
	fprintf(json,
		"\n    \"%s\": {\"median_ns\": %.2f, \"least_ns\": %.2f, ",
		r->name, median, s->value[0]);
	if (r->bound != NULL) {
		fprintf(json, "\"bound\": \"%s\", \"ratio\": %.3f, ", r->bound,
			ratio);
	}
	fprintf(json, "\"rounds_ns\": [");
	for (unsigned int i = 0; i < s->nr; i++) {
		fprintf(json, "%s%.2f", i == 0 ? "" : ", ", s->seen[i]);
	}
	fprintf(json, "]}");
}

static void tell(FILE *json, uint64_t gib, const struct series *s)
{
	printf("\n%3lu GiB%17s%12s%12s%12s\n", gib, "", "median ns", "least ns",
	       "x bound");
	for (unsigned int i = 0; i < nr_rows; i++) {
		double median = s[i].value[s[i].nr / 2];
		double ratio = s[i].ratio[s[i].nr / 2];

		printf("%-24s%12.1f%12.1f", rows[i].name, median,
		       s[i].value[0]);
		printf(rows[i].bound == NULL ? "\n" : "%12.2f\n", ratio);
		if (json != NULL) {
			fputs(i == 0 ? "" : ",", json);
			tell_json(json, &rows[i], &s[i], median, ratio);
		}
	}
}

static bool stepped; /* -s */

static void wait_for_turn(void)
{
	int c;

	do {
		c = getchar();
	} while (c != '\n' && c != EOF);
}

static void measure(FILE *json, uint64_t gib, unsigned int rounds, bool first)
{
	static struct world w;
	static struct series s[MAX_ROWS];

	memset(s, 0, sizeof(s));
	world_init(&w, gib);
	for (unsigned int round = 0; round < rounds; round++) {
		if (stepped) {
			wait_for_turn();
		}
		one_round(&w, s, round);
		if (stepped) {
			puts("round");
			fflush(stdout);
		}
	}
	(void)world_audit(&w);
	world_fini(&w);
	for (unsigned int i = 0; i < nr_rows; i++) {
		sort(&s[i]);
	}
	if (json != NULL) {
		fprintf(json, "%s\n  \"%lu\": {", first ? "" : ",", gib);
	}
	tell(json, gib, s);
	if (json != NULL) {
		fputs("\n  }", json);
	}
	fflush(stdout);
}

static int usage(void)
{
	fputs("usage: bench-native [-s] [-r ROUNDS] [-j FILE] [GIB...]\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static char *usual[] = {"1", "16", "64"};
	unsigned int rounds = 15;
	FILE *json = NULL;
	char **size = usual;
	int nr = 3;
	int c;

	_Static_assert(sizeof(usual) / sizeof(usual[0]) == 3, "nr");
	while ((c = getopt(argc, argv, "sr:j:")) != -1) {
		if (c == 's') {
			stepped = true;
		} else if (c == 'r') {
			rounds = (unsigned int)atoi(optarg);
		} else if (c == 'j') {
			json = fopen(optarg, "w");
			if (json == NULL) {
				perror(optarg);
				return 1;
			}
		} else {
			return usage();
		}
	}
	if (rounds == 0 || rounds > MAX_ROUNDS || nr_rows > MAX_ROWS) {
		return usage();
	}
	if (optind < argc) {
		size = argv + optind;
		nr = argc - optind;
	}
	if (json != NULL) {
		fputc('{', json);
	}
	for (int i = 0; i < nr; i++) {
		int gib = atoi(size[i]);

		if (gib < 1 || gib > 256) {
			return usage();
		}
		measure(json, (uint64_t)gib, rounds, i == 0);
	}
	if (json != NULL) {
		fputs("\n}\n", json);
		return fclose(json) != 0;
	}
	return 0;
}
