/* SPDX-License-Identifier: MIT */
/*
 * Large ones first: small ones find room beside them, and none is begun when
 * all else has ended and the other processors have nothing to do.
 */
#include "lab/queue.h"

#include <stddef.h>

static uint64_t cost_of(const struct lab_job *job)
{
	return lab_cost(job->c->world, &job->options);
}

/* What it takes of the room; one that runs alone may need more than all. */
static uint64_t share_of(const struct lab_queue *q, const struct lab_job *job)
{
	uint64_t cost = cost_of(job);

	return cost < q->host ? cost : q->host;
}

void lab_queue_init(struct lab_queue *q, struct lab_job *jobs, unsigned int nr,
		    uint64_t host_bytes)
{
	*q = (struct lab_queue){
		.jobs = jobs,
		.nr = nr,
		.host = host_bytes,
		.room = host_bytes,
	};
	for (unsigned int i = 0; i < nr; i++) {
		jobs[i].taken = false;
	}
}

struct lab_job *lab_queue_take(struct lab_queue *q)
{
	struct lab_job *best = NULL;

	for (unsigned int i = 0; i < q->nr; i++) {
		struct lab_job *j = &q->jobs[i];

		if (!j->taken &&
		    (q->nr_running == 0 || cost_of(j) <= q->room) &&
		    (best == NULL || cost_of(j) > cost_of(best))) {
			best = j;
		}
	}
	if (best != NULL) {
		best->taken = true;
		q->nr_taken++;
		q->nr_running++;
		q->room -= share_of(q, best);
	}
	return best;
}

void lab_queue_ended(struct lab_queue *q, const struct lab_job *job)
{
	q->nr_running--;
	q->room += share_of(q, job);
}
