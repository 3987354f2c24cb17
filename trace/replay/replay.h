/* SPDX-License-Identifier: MIT */
/*
 * A trace run again, in this process: the engine is given what the recorded
 * one was given, and must come to the same results.
 */
#ifndef PW_TRACE_REPLAY_H
#define PW_TRACE_REPLAY_H

#include "engine/report/audit.h"
#include "engine/report/event.h"
#include "trace/file/reader.h"
#include "trace/oracle/oracle.h"

struct replay;

struct replay_watcher {
	void (*event)(void *state, struct mmu_domain *d,
		      const struct mmu_event *e);
	/* The records [from, to) have been run. */
	void (*step)(void *state, uint64_t from, uint64_t to);
};

struct replay_options {
	uint64_t audit_every; /* operations; 0: never */
	uint64_t until; /* stops after the operation of that number; 0: never */
	/* With the slow model beside it: the whole machine is compared every
	 * so many operations; 0: without it. */
	uint64_t oracle_every;
	/* Told of the engine's events, and of each step's end; or NULL. */
	const struct replay_watcher *watcher;
	void *watcher_state;
};

struct replay_result {
	uint64_t operations;
	uint64_t audits;
	uint64_t differences;       /* found by them */
	struct audit_report report; /* of the first that found any */
	uint64_t at_audit;          /* operations before it */
	bool differs;               /* from the record: see line */
	uint64_t word;              /* of the record where, in the stream */
	char line[256];
	struct oracle_result oracle; /* its difference ends the replay, too */
};

/* NULL: memory is short. The trace must outlive it. */
struct replay *replay_new(const struct trace *t);
void replay_free(struct replay *r);

/* Runs to the end, to the first difference, or as far as it is told. */
void replay_run(struct replay *r, const struct replay_options *o,
		struct replay_result *ret);

/* The machine as it is now. */
const struct mmu *replay_machine(const struct replay *r);
/* The i-th domain in order of tags, or NULL. */
struct mmu_domain *replay_domain(const struct replay *r, unsigned int i);

#endif
