/* SPDX-License-Identifier: MIT */
/* Many runs at once, and what they say together. */
#ifndef PW_LAB_MANY_H
#define PW_LAB_MANY_H

#include "lab/lab.h"

struct lab_job {
	const struct lab_case *c;
	const char *on; /* "sim", or where else it is run */
	struct lab_options options;
	struct lab_result result;
	bool taken; /* lab_run_many()'s: it runs, or has run */
};

/*
 * Runs all, one thread for each processor, but not more at a time than together
 * fit into that many bytes of the host (lab_cost), or one; each job gets its
 * result.
 */
void lab_run_many(struct lab_job *jobs, unsigned int nr, uint64_t host_bytes);

/* The most that one of the jobs takes of the host. */
uint64_t lab_largest(const struct lab_job *jobs, unsigned int nr);

/* The two policies of the history `tlb`. */
enum lab_swept { LAB_NO_FLUSH, LAB_FLUSH, LAB_SWEPT };

/* Boots of tlb/no-flush and tlb/flush with one kind of TLB. */
struct lab_sweep_row {
	const char *keeps; /* in words */
	struct tlb_config tlb;
	unsigned int boots;
	unsigned int crashed[LAB_SWEPT];
	uint64_t stale_uses[LAB_SWEPT];
	bool broken; /* an outcome that is neither */
};

#define LAB_SWEEP_ROWS 9

/*
 * From a TLB that evicts at once to one that keeps for ever: `boots` boots of
 * each policy, each with a seed of its own. False: the host has no memory.
 */
bool lab_sweep(unsigned int boots, uint64_t seed,
	       struct lab_sweep_row rows[LAB_SWEEP_ROWS]);

#endif
