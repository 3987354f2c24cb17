/* SPDX-License-Identifier: MIT */
/* Inside the engine: the queue of tables to be taken down. */
#ifndef PW_ENGINE_DYING_H
#define PW_ENGINE_DYING_H

#include "engine/mmu.h"

/* A table with one type reference left, which goes to the queue. */
void dying_add(struct mmu_domain *d, mfn_t table);
/* A partial table that nobody will finish: its references go to the queue. */
void dying_abandon(struct mmu_domain *d, mfn_t table);

/*
 * Takes down queued tables: what one operation left is done before the next
 * begins. 0, or -XEN_ERESTART.
 */
MUST_CHECK int mmu_settle(struct mmu_domain *d);

#endif
