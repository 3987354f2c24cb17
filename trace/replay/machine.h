/* SPDX-License-Identifier: MIT */
/* Inside the replay: its state, and its two halves. */
#ifndef PW_TRACE_REPLAY_MACHINE_H
#define PW_TRACE_REPLAY_MACHINE_H

#include <setjmp.h>

#include "sim/sim.h"
#include "sim/world.h"
#include "trace/replay/replay.h"

struct replay {
	struct sim sim; /* of which only the engine's machine is used */
	const struct trace *t;
	const struct replay_watcher *watcher; /* or NULL */
	void *watcher_state;
	uint64_t at;  /* next record */
	bool inside;  /* an operation */
	bool differs; /* nothing is done any more */
	uint64_t differs_at;
	char line[256];
	uint64_t asked;   /* in the operation */
	uint64_t refused; /* before it */
	uint64_t operations;
	uint64_t next_audit; /* when there are so many; 0: never */
	const struct multicall_entry *list; /* what a multicall copies in */
	struct mmu_domain *domain[MMU_MAX_DOMAINS];
	bool dead[MMU_MAX_DOMAINS];
	unsigned int nr_domains;
	struct audit_tally *tally;
	uint64_t *own_m2p; /* where it does not lie in the machine */
	jmp_buf gave_up;
};

static inline struct replay *replay_of_mmu(const struct mmu *m)
{
	return (struct replay *)sim_of_mmu(m);
}

/* The first difference counts; the line is about the next record. */
__attribute__((format(printf, 2, 3))) void replay_differs(struct replay *r,
							  const char *format,
							  ...);
bool replay_make_machine(struct replay *r, const struct trace_record *record);
void replay_make_machine_32(struct replay *r,
			    const struct trace_record *record);
/* A record of set-up: true if it was one. */
bool replay_set_up(struct replay *r, const struct trace_record *record);
/* Asks for the operation that the record begins. */
void replay_operation(struct replay *r, const struct trace_record *record);
/* What a TRACE_TABLE says, into the frame's 512 words. */
void replay_fill(uint64_t *data, const struct trace_record *record);
/* The next record outside operations, or operation. False: there is none. */
bool replay_step(struct replay *r);

#endif
