/* SPDX-License-Identifier: MIT */
/*
 * Arrays that grow, and stacks that are kept once. A stack is what glibc's
 * backtrace() finds; the guest is code of this process, so its callers are
 * ours. What is queued in the guest library's batch is stamped when it is
 * queued, and looked up by its place in the batch when the engine carries it
 * out: the stack at the hypercall only says who emptied the queue.
 */
#include "sim/record.h"

#include <execinfo.h>
#include <stdlib.h>
#include <string.h>

#include "sim/sim.h"

#define BUCKETS 4096u
/* record_callers() itself, and whoever calls it. */
#define OWN_FRAMES 2

struct sim_record *record_create(void)
{
	struct sim_record *r = calloc(1, sizeof(*r));

	if (r == NULL) {
		return NULL;
	}
	r->bucket = calloc(BUCKETS, sizeof(*r->bucket));
	if (r->bucket == NULL) {
		free(r);
		return NULL;
	}
	r->nr_callers = 1;
	return r;
}

void record_destroy(struct sim_record *r)
{
	if (r == NULL) {
		return;
	}
	free(r->event);
	free(r->store);
	free(r->callers);
	free(r->bucket);
	free(r);
}

/* Room for one more of `size` bytes; false: memory is short. */
static bool grow(struct sim_record *r, void **array, uint64_t nr,
		 uint64_t *room, size_t size)
{
	uint64_t more = *room == 0 ? 256 : 2 * *room;
	void *bigger;

	if (nr < *room) {
		return true;
	}
	bigger = realloc(*array, more * size);
	if (bigger == NULL) {
		r->cut = true;
		return false;
	}
	*array = bigger;
	*room = more;
	return true;
}

static uint32_t hash(const struct sim_callers *c)
{
	uint64_t h = c->nr;

	for (unsigned int i = 0; i < c->nr; i++) {
		h = (h ^ c->pc[i]) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	return (uint32_t)h % BUCKETS;
}

static bool same(const struct sim_callers *a, const struct sim_callers *b)
{
	return a->nr == b->nr &&
	       memcmp(a->pc, b->pc, a->nr * sizeof(a->pc[0])) == 0;
}

static uint32_t keep_callers(struct sim_record *r, const struct sim_callers *c)
{
	uint32_t at = hash(c);
	uint64_t room = r->callers_room;

	/* Open addressing over few buckets: a full table keeps no more. */
	for (uint32_t i = 0; i < BUCKETS; i++, at = (at + 1) % BUCKETS) {
		if (r->bucket[at] == SIM_NOBODY) {
			break;
		}
		if (same(&r->callers[r->bucket[at]], c)) {
			return r->bucket[at];
		}
	}
	if (r->bucket[at] != SIM_NOBODY ||
	    !grow(r, (void **)&r->callers, r->nr_callers, &room,
		  sizeof(*r->callers))) {
		r->cut = true;
		return SIM_NOBODY;
	}
	r->callers_room = (uint32_t)room;
	r->callers[r->nr_callers] = *c;
	r->bucket[at] = r->nr_callers;
	return r->nr_callers++;
}

uint32_t record_callers(struct sim_record *r)
{
	void *pc[SIM_CALLERS_DEPTH + OWN_FRAMES];
	int nr = backtrace(pc, SIM_CALLERS_DEPTH + OWN_FRAMES);
	struct sim_callers c = {.nr = 0};

	for (int i = OWN_FRAMES; i < nr; i++) {
		c.pc[c.nr++] = (uintptr_t)pc[i];
	}
	return keep_callers(r, &c);
}

void record_queued(struct sim *s, unsigned int request)
{
	struct sim_record *r = s->record;

	if (r == NULL || request >= GUEST_BATCH_MAX_REQUESTS) {
		return;
	}
	r->queued[request] = record_callers(r);
	r->nr_queued = request + 1;
}

void record_hypercall(struct sim *s, bool begins)
{
	struct sim_record *r = s->record;

	if (r == NULL) {
		return;
	}
	if (begins) {
		r->asking = record_callers(r);
		return;
	}
	r->asking = SIM_NOBODY;
	r->nr_queued = 0;
}

uint32_t record_who_queued(const struct sim *s, const struct mmu_op *op)
{
	const struct sim_record *r = s->record;
	const struct guest_batch *b = &s->guest.batch;
	unsigned int call = op->call == 0 ? 0 : op->call - 1;

	for (unsigned int i = 0; r != NULL && i < r->nr_queued; i++) {
		if (b->request[i].call == call &&
		    b->request[i].index == op->index) {
			return r->queued[i];
		}
	}
	return SIM_NOBODY;
}

void record_event(struct sim *s, const struct mmu_event *event)
{
	struct sim_record *r = s->record;
	struct sim_event *e;

	if (r == NULL || !grow(r, (void **)&r->event, r->nr_events,
			       &r->events_room, sizeof(*r->event))) {
		return;
	}
	e = &r->event[r->nr_events++];
	*e = (struct sim_event){
		.event = *event,
		.nr_stores = r->nr_stores,
		.asked = r->asking,
		.queued = record_who_queued(s, &event->op),
	};
	e->event.op.operand = NULL;
	if (event->op.operand != NULL) {
		memcpy(e->operand, event->op.operand,
		       operation_info[event->op.id].nr_operands *
			       sizeof(e->operand[0]));
	}
}

void record_store(struct sim *s, maddr_t at, uint64_t bytes)
{
	struct sim_record *r = s->record;

	if (r == NULL || !grow(r, (void **)&r->store, r->nr_stores,
			       &r->stores_room, sizeof(*r->store))) {
		return;
	}
	r->store[r->nr_stores++] = (struct sim_store){
		.at = at,
		.bytes = (uint32_t)bytes,
		.callers = record_callers(r),
		.nr_events = r->nr_events,
	};
}
