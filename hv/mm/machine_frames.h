/* SPDX-License-Identifier: MIT */
/* The engine's view of the machine: frame table, M2P, pool. */
#ifndef PW_HV_MM_MACHINE_FRAMES_H
#define PW_HV_MM_MACHINE_FRAMES_H

#include "engine/mmu.h"

extern struct mmu machine_mmu;

/* Makes frame table and M2P; takes what memory audits need. */
void frames_init(void);
/*
 * The M2P for 32-bit guests, in the last L2 of each of them; made once, while
 * the machine's memory is nobody's.
 */
void frames_second_m2p(void);
/*
 * Boot option `fresh`: the machine has just been made, by somebody who knows
 * its memory to be zero where firmware has not been.
 */
extern bool frames_fresh;
/* A table of our own, all zeros, out of memory that nobody has yet. */
void *frames_zeroed_table(uint64_t bytes);
/* Clears frames, but for those that are known to be clear. */
void frames_scrub(mfn_t first, uint64_t nr);
/* nr cleared frames of the hypervisor's own, in a row: the first. */
mfn_t frames_take_own(uint64_t nr);
/* The same below an address. */
mfn_t frames_take_own_below(uint64_t nr, uint64_t limit);
/* What is left of the free memory goes to the engine's pool. */
void frames_to_pool(void);

#endif
