/* SPDX-License-Identifier: MIT */
/* The cells of a matrix of runs: each kernel with each memory and number. */
#ifndef PW_CLI_MANY_MATRIX_H
#define PW_CLI_MANY_MATRIX_H

#include "cli/many/table.h"
#include "cli/words.h"

#define MATRIX_KERNELS 64
#define MATRIX_VALUES 16
#define MATRIX_CELLS 1024

struct matrix {
	const char *kernel[MATRIX_KERNELS];
	unsigned int nr_kernels;
	uint64_t memory[MATRIX_VALUES];
	unsigned int nr_memories;
	unsigned int vcpus[MATRIX_VALUES];
	unsigned int nr_vcpus;
	bool overcommit;
	/* The words of `run` that all have in common, and a command's. */
	struct words common;
	char **command; /* NULL: none */
	int nr_command;
	/* By matrix_make(). */
	struct many_job *jobs;
	struct many_name *names;
	struct words *words; /* of each */
	unsigned int nr;
};

/* Values with commas between them are added. NULL, or what is wrong. */
const char *matrix_add_memory(struct matrix *matrix, const char *list);
const char *matrix_add_vcpus(struct matrix *matrix, const char *list);
const char *matrix_add_kernel(struct matrix *matrix, const char *path);

/* Each cell as a run, judged as one. False: a line in error. */
bool matrix_make(struct matrix *matrix, char *error);
void matrix_fini(struct matrix *matrix);

#endif
