/* SPDX-License-Identifier: MIT */
/* Results of the lab, for people and for programs. */
#ifndef PW_CLI_LAB_TABLE_H
#define PW_CLI_LAB_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "lab/many.h"

/* In 80 columns, or wide: with the counts beside each run. */
void lab_table_head(FILE *to, bool wide);
/* before: the row above, or NULL. */
void lab_table_row(FILE *to, const struct lab_job *job,
		   const struct lab_job *before, bool wide);
void lab_table_sweep(FILE *to, const struct lab_sweep_row *rows);

/* As TAP (to NULL: not) and as JUnit's XML (path NULL: not). */
bool lab_cases(FILE *to, const char *path, const struct lab_job *jobs,
	       unsigned int nr);

/* One JSON document; rows NULL: no sweep. False if memory is short. */
bool lab_json(FILE *to, const struct lab_job *jobs, unsigned int nr,
	      const struct lab_sweep_row *rows);

#endif
