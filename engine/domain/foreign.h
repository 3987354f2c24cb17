/* SPDX-License-Identifier: MIT */
/* Inside the engine: entries that map frames of other domains. */
#ifndef PW_ENGINE_FOREIGN_H
#define PW_ENGINE_FOREIGN_H

#include "engine/mmu.h"

/*
 * References on a frame of `owner`'s, for a record of somebody else's: taken
 * and returned with the owner's lock alone held.
 */
MUST_CHECK int foreign_hold(struct mmu_domain *owner, mfn_t f, bool writable);
void foreign_release(struct mmu_domain *owner, mfn_t f, bool writable);

/*
 * One more entry of d's maps the frame. *ret_kept: the record has taken over
 * the references of foreign_hold(); else it has its own, and the caller
 * returns them. -XEN_ENOSPC: no record is free, or its entries cannot be
 * counted.
 */
MUST_CHECK int foreign_map(struct mmu_domain *d, struct mmu_domain *owner,
			   mfn_t f, bool writable, bool *ret_kept);
/* One less. The references go when the door is left. */
void foreign_unmap(struct mmu_domain *d, mfn_t f, bool writable);

/*
 * The domain of that number which d may map frames of; *ret_there: there is
 * one, d's right or not. NULL: d has no such right.
 */
struct mmu_domain *foreign_owner(const struct mmu_domain *d, uint16_t domid,
				 bool *ret_there);

/* The domain in that place is forgotten, with everybody's right over it. */
void foreign_forget(struct mmu *m, unsigned int place);

/* Takes out a record without entries; false: there is none. */
bool foreign_take_owed(struct mmu_domain *d, struct mmu_foreign *ret);

#endif
