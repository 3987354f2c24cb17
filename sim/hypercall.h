/* SPDX-License-Identifier: MIT */
/* Hypercalls: the engine's, and the few others that a small kernel makes. */
#ifndef PW_SIM_HYPERCALL_H
#define PW_SIM_HYPERCALL_H

#include "sim/sim.h"

/* One trap of the guest; goes on until it is done. */
int64_t sim_hypercall(struct sim *s, unsigned int nr, uint64_t arg[6]);

#endif
