/* SPDX-License-Identifier: MIT */
/* What is measured: see rows.c. */
#ifndef PW_BENCH_ROWS_H
#define PW_BENCH_ROWS_H

#include "bench/native/world.h"

struct row {
	const char *name;
	double (*run)(struct world *w, unsigned int batch); /* ns an entry */
	unsigned int batch;
	/* The row of what memory alone takes for the same; NULL: is one. */
	const char *bound;
	bool rare; /* takes long: not in every round */
};

extern const struct row rows[];
extern const unsigned int nr_rows;

#endif
