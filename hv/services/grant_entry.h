/* SPDX-License-Identifier: MIT */
/* Entries of a grant table, used by whom they grant something. */
#ifndef PW_HV_SERVICES_GRANT_ENTRY_H
#define PW_HV_SERVICES_GRANT_ENTRY_H

#include "hv/services/grant.h"

/* Who wants to use an entry, and how. */
struct grant_wish {
	domid_t by;
	bool write; /* and read */
	bool part;  /* one of a part of a page will do */
};

/*
 * Marks d's entry as used. GNTST_okay, with what it grants in *ret; or another
 * status, and nothing is marked that was not.
 */
int16_t entry_acquire(struct domain *d, uint32_t ref,
		      const struct grant_wish *w,
		      const struct grant_active **ret);
/* Undoes one such use; the frame is not reached by it any more. */
void entry_release(struct domain *d, uint32_t ref, bool write);

int16_t entry_swap(struct domain *d, uint32_t a, uint32_t b);

#endif
