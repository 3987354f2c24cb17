/* SPDX-License-Identifier: MIT */
/* Between the files of the micro-benchmarks. */
#ifndef PW_KERNELS_REFERENCE_BENCH_H
#define PW_KERNELS_REFERENCE_BENCH_H

#include "kernels/reference/reference.h"

typedef void (*bench_op)(void *what);

/*
 * Does the operation `repeat` times, after some that are thrown away, and
 * prints what one took on average.
 */
void bench_measure(const char *name, bench_op op, void *what,
		   unsigned int repeat);

/* A row that could not be measured as it should is worth nothing: crashes. */
void bench_must(bool ok, const char *what);

/* The direct map of [first, first + nr), as tables and as memory. */
void bench_readonly(struct kernel *k, pfn_t first, uint64_t nr);
void bench_readwrite(struct kernel *k, pfn_t first, uint64_t nr);

/* The rows, by subject. */
void bench_entries(struct kernel *k); /* bench_entries.c */
void bench_pins(struct kernel *k);    /* bench_pins.c */
void bench_traps(struct kernel *k);   /* bench_traps.c */

#endif
