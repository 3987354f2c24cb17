/* SPDX-License-Identifier: MIT */
/* Hypercalls of a 32-bit guest, as one makes them. */
#ifndef PW_SIM_BOUNCE_H
#define PW_SIM_BOUNCE_H

#include "sim/sim.h"

/*
 * Where the guest has it, to the engine. No table maps it, and no guest may
 * have anything there.
 */
#define SIM_BOUNCE_AT UINT64_C(0x10000000)
#define SIM_BOUNCE_SIZE (UINT64_C(64) << 10)

/* As sim_hypercall(), with pointers of this process. */
int64_t bounce_hypercall(struct sim *s, unsigned int nr, uint64_t arg[6]);
/* The bytes at such an address, or NULL if it is none. */
uint8_t *bounce_at(struct sim *s, uint64_t at, uint64_t bytes);

#endif
