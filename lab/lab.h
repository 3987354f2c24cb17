/* SPDX-License-Identifier: MIT */
/*
 * The lab: failures from the public record, as scenarios. A history is run
 * with each of its policies in one or more worlds (kinds of machine); each
 * combination is a case with a recorded outcome, and is held against it.
 */
#ifndef PW_LAB_LAB_H
#define PW_LAB_LAB_H

#include <stdbool.h>
#include <stdint.h>

#include "lab/check.h"
#include "lab/history.h"
#include "sim/log.h"
#include "sim/sim.h"

extern const char *const lab_outcome_name[LAB_OUTCOMES];

struct lab_result;

/* Who looks at the machine of a run while it is there; it keeps a record. */
struct lab_witness {
	struct sim_witness machine;
	/* At the end of the kernel's run, however it came. */
	void (*ended)(struct sim *s, const struct lab_kernel *k,
		      const struct lab_result *r);
};

struct lab_options {
	uint64_t memory; /* bytes, of LAB_MEMORY_ASKED */
	uint64_t big;    /* bytes, of LAB_MEMORY_BIG */
	bool overcommit; /* also what the host has no memory for */
	bool big_asked;  /* also where it takes minutes */
	uint64_t seed;
	bool check_always; /* audit and TLB check after each hypercall */
	/* Instead of the world's, if it keeps anything: for sweeps. */
	bool has_tlb;
	struct tlb_config tlb;
	const struct lab_witness *witness; /* or NULL */
	void *witness_state;               /* of the machine's */
	const struct sim_ear *ear;         /* who records, or NULL */
	void *ear_state;
};

#define LAB_MEMORY_MIN (UINT64_C(64) << 20)
#define LAB_MEMORY_DEFAULT (UINT64_C(4) << 30)
#define LAB_BIG_DEFAULT (UINT64_C(1) << 40)

/* A refusal as text, at the longest. */
#define LAB_MESSAGE_SIZE 640

struct lab_result {
	enum lab_outcome outcome;
	bool as_expected;
	enum lab_step step;
	char message[LAB_MESSAGE_SIZE]; /* the reason, one line */
	uint64_t memory;                /* bytes */
	bool counted;                   /* the next four are known */
	uint64_t hypercalls;
	uint64_t entry_writes;
	uint64_t flushes;
	uint64_t pages_walked;
	uint64_t stale_uses;
	bool counted_lost; /* only a machine that booted can be counted */
	uint64_t lost;
	double seconds;
	struct lab_findings findings;
	struct sim_log log;
};

/* Bytes of memory that a world's machine has. */
uint64_t lab_memory(const struct lab_world *w, const struct lab_options *o);

/*
 * Bytes of the host that a run in the simulator touches: what describes a frame
 * (record, M2P, P2M, tables, the tally of checks), 62 as measured from 1 to 64
 * GiB; of a big domain, which is lazy, a fraction.
 */
uint64_t lab_cost(const struct lab_world *w, const struct lab_options *o);

/* Frames that a world's kernel uses; 0: all. */
uint64_t lab_limit(const struct lab_world *w, const struct lab_options *o);

/* Runs one case in the simulator, on a machine of its own. */
void lab_run(const struct lab_case *c, const struct lab_options *o,
	     struct lab_result *r);
void lab_result_fini(struct lab_result *r);

#endif
