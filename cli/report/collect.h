/* SPDX-License-Identifier: MIT */
/* What a report shows of a recording, taken while it is replayed. */
#ifndef PW_CLI_REPORT_COLLECT_H
#define PW_CLI_REPORT_COLLECT_H

#include "engine/report/operation.h"
#include "cli/report/pack.h"
#include "engine/report/refusal.h"
#include "trace/replay/replay.h"

/* What a frame is, for the map. */
enum frame_class {
	CLASS_HOLE,
	CLASS_OURS,
	CLASS_FREE,
	CLASS_UNTYPED, /* nobody relies on what it is: read-only or unmapped */
	CLASS_WRITABLE,
	CLASS_L1,
	CLASS_L2,
	CLASS_L3,
	CLASS_L4,
	CLASS_DESC,
	CLASS_P2M,
	CLASS_LENT,
};

#define COLLECT_SNAPSHOTS 96
/* And the end, and what comes after it. */
#define COLLECT_SNAPSHOTS_MAX (COLLECT_SNAPSHOTS + 4)
#define COLLECT_BUCKETS 240
#define COLLECT_FLAGS 256
#define COLLECT_PHASES 8
#define COLLECT_REFUSALS 64

struct snapshot {
	uint64_t operations;
	uint64_t time; /* ticks */
};

struct phase {
	const char *name;
	uint64_t operation;
	uint64_t time;
};

struct refused {
	uint64_t operation;
	uint64_t time;
	struct refusal refusal;
	char text[REFUSAL_TEXT_SIZE];
};

struct root {
	uint16_t domain;
	unsigned int vcpu;
	mfn_t kernel;
	mfn_t user; /* mfn 0: none */
};

struct collect {
	const struct trace *t;
	struct replay *r;
	uint64_t operations; /* so far */
	uint64_t time;       /* of the last */
	uint64_t first_time;
	uint64_t last_time;
	uint64_t tsc_khz; /* 0: not known */
	unsigned int op;  /* under way */
	/* The map. */
	uint8_t *class_of; /* as the last snapshot had it */
	uint8_t *p2m;      /* bits: the builder mapped it as P2M */
	struct snapshot snapshot[COLLECT_SNAPSHOTS_MAX];
	unsigned int nr_snapshots;
	struct pack changes;
	/* Operations by kind and time. */
	uint32_t *count[MMU_OPERATIONS];
	uint32_t *refused_in;
	struct pack events;
	uint64_t event_operation;
	uint64_t event_frame;
	uint64_t nr_events;
	struct phase phase[COLLECT_PHASES];
	unsigned int nr_phases;
	struct refused refused[COLLECT_REFUSALS]; /* the last ones, in a ring */
	uint64_t nr_refused;
	char end[256];
	/* At the end: before the first domain dies, whose frames are freed. */
	bool ended;
	unsigned int last_snapshot;
	struct root root[MMU_MAX_DOMAINS * MMU_MAX_VCPUS];
	unsigned int nr_roots;
	struct pack frames;
	struct pack pfns;
	struct pack tables;
	uint64_t nr_tables;
	uint64_t flags[COLLECT_FLAGS];
	unsigned int nr_flags;
	bool failed;
};

/* False: memory is short, or it does not replay (result says). */
bool collect(struct collect *c, const struct trace *t,
	     struct replay_result *result);
void collect_fini(struct collect *c);
uint64_t collect_nr_frames(const struct collect *c);

/* collect_end.c: the frames and tables as they are at the end. */
void collect_end(struct collect *c);
void collect_snapshot(struct collect *c);
/* The frames of the P2M, as the domain starts. */
void collect_p2m(struct collect *c, mfn_t root);

#endif
