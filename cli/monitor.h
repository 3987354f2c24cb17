/* SPDX-License-Identifier: MIT */
/*
 * The control channel: what the hypervisor tells the command on COM2, one
 * JSON object a line with its kind in "event".
 */
#ifndef PW_CLI_MONITOR_H
#define PW_CLI_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

/* Longer lines are dropped: a summary takes about 5 KiB. */
#define MONITOR_LINE_SIZE 65536
/* Refusals kept for the report; the others are counted. */
#define MONITOR_MAX_REFUSALS 256
/* Lives of domains that are told apart; the last stands for more. */
#define MONITOR_MAX_LIVES 64
/* Places and phases: a vCPU or a phase each. */
#define MONITOR_MAX_KEPT 64

/*
 * What is told of the machine and of the first domain's life; those of others
 * follow by `next`, in the order in which they were first told of.
 */
struct monitor {
	struct monitor *next;
	uint64_t domain; /* the domain's number; 0: it is not known yet */
	char *line;      /* MONITOR_LINE_SIZE bytes */
	size_t length;
	bool dropping; /* inside a line that is too long */
	/* The events' objects, NULL if they have not come. */
	cJSON *boot;
	cJSON *guest_start;
	cJSON *recording;
	cJSON *pipe;
	cJSON *stopped;  /* for gdb */
	cJSON *mark;     /* likewise, where a machine is replayed */
	cJSON *ending;   /* with --lint */
	cJSON *dump;     /* with --dump: its memory can be read now */
	cJSON *lint;     /* an array: examples of what may be mistakes */
	cJSON *warnings; /* an array, when they have been looked for */
	cJSON *panic;    /* the hypervisor's own */
	cJSON *unfit;    /* the machine is not for it */
	cJSON *crash;
	cJSON *shutdown;
	cJSON *summary;
	cJSON *refusals;      /* an array */
	cJSON *places;        /* likewise, of each vCPU at the end */
	cJSON *registers;     /* likewise, for a dump */
	cJSON *phases;        /* likewise */
	cJSON *history;       /* an array: of the watched frame */
	cJSON *queued;        /* likewise: who wrote requests down */
	cJSON *table_writes;  /* likewise: faults of a kernel that wrote */
	cJSON *stale;         /* likewise: that its tables do not explain */
	uint64_t nr_refusals; /* events of that kind */
	uint64_t nr_lost;     /* reports that the hypervisor had to drop */
	uint64_t nr_audits;
	uint64_t audit_differences;
	uint64_t nr_bad_lines; /* too long, no JSON, or without "event" */
	bool dumped;           /* its memory has been read */
	bool guest_started;    /* this life, since it was last cleared */
};

/* Returns false if memory is short. */
bool monitor_init(struct monitor *monitor);
void monitor_fini(struct monitor *monitor);
void monitor_feed(struct monitor *monitor, const char *data, size_t size);

/* The name of the life's domain. */
const char *monitor_name(const struct monitor *monitor);
/* Was there another life of that domain after this one? */
bool monitor_lives_on(const struct monitor *monitor);

/*
 * Members of an event: a whole number that is not negative, or `otherwise`;
 * text with what does not print replaced, or `otherwise`.
 */
uint64_t monitor_number(const cJSON *object, const char *name,
			uint64_t otherwise);
/* A number that is told as text with 0x; 0 if it is none. */
uint64_t monitor_hex(const cJSON *object, const char *name);
const char *monitor_text(const cJSON *object, const char *name,
			 const char *otherwise);
/* Why the guest died; never NULL, never empty. */
const char *monitor_crash_reason(const struct monitor *monitor);
/* Requests refused: more than came as events, if they came too fast. */
uint64_t monitor_refusals(const struct monitor *monitor);
/* Did any audit tell its result? Without one nothing is known of counts. */
bool monitor_audited(const struct monitor *monitor);
/* Differences that audits found, by whichever account tells more. */
uint64_t monitor_audit_differences(const struct monitor *monitor);

#endif
