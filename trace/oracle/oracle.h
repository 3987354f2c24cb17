/* SPDX-License-Identifier: MIT */
/*
 * The slow model beside the replay: it takes the same records, comes to its own
 * results, and says where they, its types or its counts are not the engine's.
 */
#ifndef PW_TRACE_ORACLE_H
#define PW_TRACE_ORACLE_H

#include "engine/mmu.h"
#include "trace/file/reader.h"

struct oracle;

struct oracle_result {
	uint64_t operations; /* whose results are equal */
	uint64_t requests;   /* of them and of their lists */
	uint64_t frames;     /* compared, in all */
	uint64_t machines;   /* whole ones compared, tables' contents too */
	bool differs;        /* see line */
	bool lost;           /* it knows no more since: line says */
	char line[256];
};

/*
 * Compares the whole machine every so many operations. NULL: memory is short.
 * The trace must outlive it.
 */
struct oracle *oracle_new(const struct trace *t, uint64_t whole_every);
void oracle_free(struct oracle *o);

/*
 * The replay has run the records [from, to) of the stream, to which m has come.
 * False: there is a difference.
 */
bool oracle_follow(struct oracle *o, uint64_t from, uint64_t to,
		   const struct mmu *m);
/* All that there is, once more. */
bool oracle_finish(struct oracle *o, const struct mmu *m);
const struct oracle_result *oracle_result(const struct oracle *o);

#endif
