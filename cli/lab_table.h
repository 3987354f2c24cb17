/* SPDX-License-Identifier: MIT */
/* Results of the lab, for people and for programs. */
#ifndef PW_CLI_LAB_TABLE_H
#define PW_CLI_LAB_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "lab/many.h"

void lab_table_head(FILE *to);
void lab_table_row(FILE *to, const struct lab_job *job);
void lab_table_sweep(FILE *to, const struct lab_sweep_row *rows);

/* One JSON document; rows NULL: no sweep. False if memory is short. */
bool lab_json(FILE *to, const struct lab_job *jobs, unsigned int nr,
	      const struct lab_sweep_row *rows);

#endif
