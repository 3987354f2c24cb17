/* SPDX-License-Identifier: MIT */
/*
 * Machines share nothing, so they run side by side, as many as there are
 * processors and room for; results do not depend on who takes which.
 */
#include "lab/many.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/queue.h"

#define MAX_THREADS 16

struct crew {
	pthread_mutex_t lock; /* of the queue */
	pthread_cond_t ended; /* a run has, and its room is free */
	struct lab_queue queue;
};

/* Waits for room; NULL: nothing is left. */
static struct lab_job *next(struct crew *c)
{
	struct lab_job *j;

	while ((j = lab_queue_take(&c->queue)) == NULL &&
	       !lab_queue_empty(&c->queue)) {
		(void)pthread_cond_wait(&c->ended, &c->lock);
	}
	return j;
}

static void *work(void *argument)
{
	struct crew *c = argument;
	struct lab_job *j;

	(void)pthread_mutex_lock(&c->lock);
	while ((j = next(c)) != NULL) {
		(void)pthread_mutex_unlock(&c->lock);
		lab_run(j->c, &j->options, &j->result);
		(void)pthread_mutex_lock(&c->lock);
		lab_queue_ended(&c->queue, j);
		(void)pthread_cond_broadcast(&c->ended);
	}
	(void)pthread_mutex_unlock(&c->lock);
	return NULL;
}

uint64_t lab_largest(const struct lab_job *jobs, unsigned int nr)
{
	uint64_t most = 0;

	for (unsigned int i = 0; i < nr; i++) {
		uint64_t cost = lab_cost(jobs[i].c->world, &jobs[i].options);

		most = cost > most ? cost : most;
	}
	return most;
}

/* Threads beside this one. */
static unsigned int helpers(unsigned int nr)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int most = processors > 1 ? (unsigned int)processors - 1 : 0;

	most = most < nr ? most : nr;
	return most < MAX_THREADS ? most : MAX_THREADS;
}

void lab_run_many(struct lab_job *jobs, unsigned int nr, uint64_t host_bytes)
{
	struct crew c = {
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.ended = PTHREAD_COND_INITIALIZER,
	};
	pthread_t thread[MAX_THREADS];
	unsigned int wanted = helpers(nr);
	unsigned int started = 0;

	lab_queue_init(&c.queue, jobs, nr, host_bytes);
	/* This thread works too, so none that fails to start is missed. */
	while (started < wanted &&
	       pthread_create(&thread[started], NULL, work, &c) == 0) {
		started++;
	}
	(void)work(&c);
	for (unsigned int i = 0; i < started; i++) {
		(void)pthread_join(thread[i], NULL);
	}
}

static const struct lab_sweep_row kinds[LAB_SWEEP_ROWS] = {
	{.keeps = "nothing", .tlb = {TLB_KEEP_NOTHING, 0}},
	{.keeps = "2, random", .tlb = {TLB_KEEP_RANDOM, 2}},
	{.keeps = "3, random", .tlb = {TLB_KEEP_RANDOM, 3}},
	{.keeps = "4, random", .tlb = {TLB_KEEP_RANDOM, 4}},
	{.keeps = "5, random", .tlb = {TLB_KEEP_RANDOM, 5}},
	{.keeps = "6, random", .tlb = {TLB_KEEP_RANDOM, 6}},
	{.keeps = "8, random", .tlb = {TLB_KEEP_RANDOM, 8}},
	{.keeps = "64, LRU", .tlb = {TLB_KEEP_LRU, 64}},
	{.keeps = "everything", .tlb = {TLB_KEEP_ALL, 0}},
};

/* The case of a policy that is swept: of the world that keeps all. */
static const struct lab_case *swept(enum lab_swept which)
{
	const struct lab_policy *p = lab_find_policy(
		which == LAB_FLUSH ? "tlb/flush" : "tlb/no-flush");
	const struct lab_case *c;

	for (unsigned int i = 0; (c = lab_case_at(i)) != NULL; i++) {
		if (c->policy == p && !c->world->tlb_forgets) {
			return c;
		}
	}
	return NULL;
}

static void add_up(struct lab_sweep_row *row, enum lab_swept policy,
		   const struct lab_result *r)
{
	if (r->outcome == LAB_FAULT) {
		row->crashed[policy]++;
	} else if (r->outcome != LAB_RIGHT) {
		row->broken = true;
	}
	row->stale_uses[policy] += r->stale_uses;
}

bool lab_sweep(unsigned int boots, uint64_t seed,
	       struct lab_sweep_row rows[LAB_SWEEP_ROWS])
{
	unsigned int nr = LAB_SWEEP_ROWS * LAB_SWEPT * boots;
	struct lab_job *jobs = calloc(nr, sizeof(*jobs));

	if (jobs == NULL) {
		return false;
	}
	for (unsigned int i = 0; i < nr; i++) {
		enum lab_swept policy = i / boots % LAB_SWEPT;

		jobs[i].c = swept(policy);
		jobs[i].options = (struct lab_options){
			.seed = seed + i % boots,
			.has_tlb = true,
			.tlb = kinds[i / boots / LAB_SWEPT].tlb,
		};
	}
	lab_run_many(jobs, nr, UINT64_MAX); /* small machines */
	memcpy(rows, kinds, sizeof(kinds));
	for (unsigned int i = 0; i < nr; i++) {
		struct lab_sweep_row *row = &rows[i / boots / LAB_SWEPT];

		row->boots = boots;
		add_up(row, i / boots % LAB_SWEPT, &jobs[i].result);
		lab_result_fini(&jobs[i].result);
	}
	free(jobs);
	return true;
}
