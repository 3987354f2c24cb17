/* SPDX-License-Identifier: MIT */
/*
 * A recording as steps that can be left out: its set-up, and each operation by
 * itself, with a list's requests as operations of their own and an operation
 * that was preempted as one. Results are gone, for they may become others.
 */
#ifndef PW_TRACE_PLAN_H
#define PW_TRACE_PLAN_H

#include "trace/file/reader.h"

#define PAGE_FAULT_PRESENT 1
#define PAGE_FAULT_WRITE 2

/* What has to be kept: the first refusal of these, or the first page fault. */
struct shrink_wish {
	bool fault;
	int rule;       /* UINT16_MAX or more: any */
	uint16_t op;    /* filled in: the operation's name at the door */
	uint64_t frame; /* filled in: that was refused, or ~0 */
	/* Filled in, of a fault: */
	uint64_t va;
	uint64_t code;
	bool stale; /* the tables allow it, the TLB does not */
};

struct plan_step {
	uint64_t at; /* of its first record, in the stream */
	bool setup;  /* never left out; so is the fault */
	bool kept;
};

struct plan {
	struct trace t; /* the stream; only word and nr are set */
	uint64_t room;
	struct plan_step *step;
	size_t nr_steps;
	size_t room_steps;
};

/* False: no such refusal, or memory is short (nothing is there then). */
bool plan_make(struct plan *p, const struct trace *t, struct shrink_wish *w);
void plan_free(struct plan *p);

#endif
