/* SPDX-License-Identifier: MIT */
/*
 * Which run is next: the largest that has room in the host beside those that
 * are running. If none is running the largest is taken in any case; whether
 * the host can hold it alone was asked before.
 *
 * Not locked: whoever shares a queue does that.
 */
#ifndef PW_LAB_QUEUE_H
#define PW_LAB_QUEUE_H

#include "lab/many.h"

struct lab_queue {
	struct lab_job *jobs;
	unsigned int nr;
	unsigned int nr_taken;
	unsigned int nr_running;
	uint64_t host; /* bytes, for all runs together */
	uint64_t room; /* of them, those that no run has */
};

/* host_bytes: for all runs together. */
void lab_queue_init(struct lab_queue *q, struct lab_job *jobs, unsigned int nr,
		    uint64_t host_bytes);
/* NULL: all are taken, or what is left has to wait for the end of another. */
struct lab_job *lab_queue_take(struct lab_queue *q);
/* A job that was taken has run. */
void lab_queue_ended(struct lab_queue *q, const struct lab_job *job);

static inline bool lab_queue_empty(const struct lab_queue *q)
{
	return q->nr_taken == q->nr;
}

#endif
