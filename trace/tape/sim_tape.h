/* SPDX-License-Identifier: MIT */
/*
 * Records a simulated machine: what any other recording has, and what its TLB
 * got, for there it is known.
 */
#ifndef PW_TRACE_SIM_TAPE_H
#define PW_TRACE_SIM_TAPE_H

#include "sim/sim.h"
#include "trace/tape/tape.h"

#define SIM_TAPE_FILLS 256

struct sim_tape {
	struct tape tape;
	/* Got while an operation was under way, and not flushed since. */
	vaddr_t fill[SIM_TAPE_FILLS];
	unsigned int nr_fills;
};

/* For struct sim, with the tape as its state. */
extern const struct sim_ear sim_tape_ear;

#endif
