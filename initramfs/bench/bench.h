/* SPDX-License-Identifier: MIT */
/* What the files of the benchmark share. See main.c. */
#ifndef PW_INITRAMFS_BENCH_H
#define PW_INITRAMFS_BENCH_H

/* mremap(); before any header of the system's. */
#define _GNU_SOURCE

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PAGE ((size_t)4096)
#define MIB ((size_t)1 << 20)

/*
 * What is measured. A batch is begin, `repeat` times the operation, end; only
 * the operations are on the clock. Of one that takes long there are few.
 */
struct row {
	const char *name;
	void (*begin)(void); /* or NULL */
	void (*operation)(void);
	void (*end)(void); /* or NULL */
	unsigned int repeat;
	unsigned int batches;
	/* Around all of it: what has no part in the batches. */
	void (*set_up)(void);
	void (*tear_down)(void);
};

_Noreturn void fail(const char *what);
void wait_for(pid_t pid);
/* Private memory of small pages: large ones exist natively only. */
char *map_small(size_t bytes);
void unmap(char *at, size_t bytes);

extern const struct row process_rows[], memory_rows[], system_rows[];
extern const size_t nr_process_rows, nr_memory_rows, nr_system_rows;

/* Told as "bench: NAME NUMBER", in the unit of the mode. */
enum mode { MODE_COUNT, MODE_TIME, MODE_FLUSHES };
void measure(const struct row *row, enum mode mode);
/* A timer interrupt, found as what some of many equal loops take longer. */
void measure_ticks(enum mode mode);

#endif
