/* SPDX-License-Identifier: MIT */
/*
 * A huge domain's start without touching what it may never look at. Three
 * things grow with a domain whether it uses its memory or not: the frame
 * table, the M2P and the P2M list, together 32 bytes a frame, 8 GiB for a
 * domain of 1 TiB. Each is as its full form would be, to every reader, but
 * takes memory page by page:
 *
 *   frame table   private mappings of one pattern, copied on write
 *   M2P           a page is filled when it is first looked at
 *   P2M list      reads are answered from the runs until a page is written;
 *                 the first word that is written stands beside the page
 *
 * The P2M list's pages are known to the CPU's loads and stores only: a guest
 * must not have the engine clear, copy or validate one before it has cleared
 * it, or written two words of it.
 */
#ifndef PW_SIM_LAZY_H
#define PW_SIM_LAZY_H

#include "sim/sim.h"

/* The domain's runs are known; in place of mmu_assign. 0 or -XEN_ENOMEM. */
int lazy_assign(struct sim *s);
/* The layout is known; in place of build_p2m. 0 or -XEN_ENOMEM. */
int lazy_p2m(struct sim *s);
void lazy_fini(struct sim *s);

/* Before [at, at + bytes), in one page, is read: true if *to was filled. */
bool lazy_read(struct sim *s, void *to, maddr_t at, uint64_t bytes);
/*
 * Before it is written with what is at `from`, or zeros if that is NULL: true
 * if nothing is left to write.
 */
bool lazy_write(struct sim *s, maddr_t at, const void *from, uint64_t bytes);

/* The M2P's entry of a frame of the machine, whether lazy or not. */
uint64_t sim_m2p(struct sim *s, mfn_t frame);

#endif
