/* SPDX-License-Identifier: MIT */
/* Many runs as a table, and as cases for CI. */
#ifndef PW_CLI_MANY_TABLE_H
#define PW_CLI_MANY_TABLE_H

#include "cli/many/many.h"
#include "cli/options.h"

/* Where and how they are told, as the options say that all such verbs have. */
struct many_output {
	uint64_t jobs; /* processors at once; 0: as many as there are */
	const char *suite;
	const char *junit; /* a file; NULL: none */
	bool tap;          /* in place of the table */
	const char *logs;  /* a folder, made if it is not there; NULL: none */
};

/* One row's names. */
struct many_name {
	char group[CASES_NAME]; /* the first column, and of which it is a case
				 */
	char rest[64];          /* the columns behind that */
	char name[64];          /* of the case */
};

/*
 * Opens the log of a run: a file of that name in the folder of logs, or one
 * that goes with us. -1: the mistake is said.
 */
int many_log(const struct many_output *output, const char *name);
/* The end of a log, to be freed; NULL: there is nothing in it. */
char *many_tail(int fd, size_t most);
/* The files are there, and empty. False: the mistake is said. */
bool many_reserve(const struct many_output *output);

/*
 * One of those options? Then it is taken, and *ret_wrong is what is wrong with
 * its argument, or NULL.
 */
bool many_take(struct many_output *output, const struct options_walk *walk,
	       const char **ret_wrong);

void many_head(const struct many_output *output, const char *first,
	       const char *rest);
void many_row(const struct many_output *output, const struct many_name *name,
	      const struct many_job *job);
/* The last line and the cases. The worst status of all. */
int many_tell(const struct many_output *output, const struct many_name *names,
	      const struct many_job *jobs, unsigned int nr, double seconds);

#endif
