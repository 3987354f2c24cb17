/* SPDX-License-Identifier: MIT */
/* The recorder's world in a process: the ring is emptied when it is full. */
#include "trace/tape/tape.h"

#include <stdlib.h>

#define RING_WORDS (UINT64_C(1) << 14)

static struct tape *tape_of(struct recorder *r)
{
	return (struct tape *)r;
}

uint64_t recorder_time(struct recorder *r)
{
	return tape_of(r)->time += TAPE_KHZ / 1000;
}

uint64_t recorder_rip(struct recorder *r, const struct mmu_vcpu *v)
{
	(void)v;
	return tape_of(r)->rip;
}

void recorder_wait(struct recorder *r)
{
	struct trace_ring *ring = r->ring;

	while (ring->tail != ring->head) {
		trace_writer_put(tape_of(r)->to,
				 &r->data[ring->tail++ & r->mask], 1);
	}
}

bool tape_init(struct tape *t, struct trace_writer *to)
{
	struct trace_ring *ring =
		calloc(1, sizeof(*ring) + RING_WORDS * sizeof(uint64_t));

	*t = (struct tape){.to = to};
	if (ring != NULL) {
		recorder_init(&t->recorder, ring, RING_WORDS);
	}
	return ring != NULL;
}

void tape_flush(struct tape *t)
{
	recorder_wait(&t->recorder);
}

void tape_fini(struct tape *t)
{
	free(t->recorder.ring);
	t->recorder.ring = NULL;
}
