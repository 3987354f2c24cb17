/* SPDX-License-Identifier: MIT */
/*
 * What a machine remembers of its run, when it is asked to: every event of the
 * engine, every store of the guest, and who did it, as addresses of this
 * process. Nothing is looked for while the run goes on; whoever wants to know
 * reads the record afterwards.
 */
#ifndef PW_SIM_RECORD_H
#define PW_SIM_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/report/event.h"
#include "pagewarden/batch.h"

/* Return addresses, the innermost first. */
#define SIM_CALLERS_DEPTH 32
struct sim_callers {
	unsigned int nr;
	uintptr_t pc[SIM_CALLERS_DEPTH];
};

/* A number of callers kept by a record; of nobody. */
#define SIM_NOBODY 0u

struct sim_event {
	struct mmu_event event; /* .op.operand is not kept: see operand[] */
	uint64_t operand[OPERAND_WORDS];
	uint64_t nr_stores; /* of the guest, before it */
	uint32_t asked;     /* callers of the hypercall */
	uint32_t queued;    /* of the batch's request, or SIM_NOBODY */
};

struct sim_store {
	maddr_t at;
	uint32_t bytes;
	uint32_t callers;
	uint64_t nr_events; /* before it */
};

struct sim_record {
	struct sim_event *event;
	uint64_t nr_events;
	uint64_t events_room;
	struct sim_store *store;
	uint64_t nr_stores;
	uint64_t stores_room;
	struct sim_callers *callers; /* [1, nr_callers); each once */
	uint32_t nr_callers;
	uint32_t callers_room;
	uint32_t *bucket; /* of callers, by hash; 0: none */
	/* The hypercall under way, and who queued what goes out with it. */
	uint32_t asking;
	unsigned int nr_queued;
	uint32_t queued[GUEST_BATCH_MAX_REQUESTS];
	bool cut; /* memory was short: not all is here */
};

struct sim;

/* NULL if memory is short. */
struct sim_record *record_create(void);
void record_destroy(struct sim_record *r);

/* Who is calling: one of r->callers, or SIM_NOBODY. */
uint32_t record_callers(struct sim_record *r);
/* For the sim's own: nothing happens on a machine without a record. */
void record_queued(struct sim *s, unsigned int request);
void record_hypercall(struct sim *s, bool begins);
void record_event(struct sim *s, const struct mmu_event *event);
void record_store(struct sim *s, maddr_t at, uint64_t bytes);

/* Who queued the request of an operation that is under way, or SIM_NOBODY. */
uint32_t record_who_queued(const struct sim *s, const struct mmu_op *op);

#endif
