/* SPDX-License-Identifier: MIT */
/* The grant table and its entries. */
#ifndef PW_HV_SERVICES_GRANT_TABLE_H
#define PW_HV_SERVICES_GRANT_TABLE_H

#include "hv/services/grant.h"

/*
 * Version 1, one frame, whose entries 0 and 1 grant the console's page and the
 * store's. `first`: GRANT_MAX_FRAMES zeroed frames of the hypervisor's.
 */
void grant_domain_init(struct domain *d, mfn_t first, mfn_t console,
		       mfn_t store);

/* Lends the guest frames until it has nr (at most GRANT_TABLE_FRAMES). */
void table_grow(struct domain *d, unsigned int nr);
unsigned int table_status_frames(const struct domain *d);
mfn_t table_status_frame(const struct domain *d, unsigned int i);

/* 0, -XEN_EINVAL, or -XEN_EBUSY: grants or status frames are in use. */
int table_set_version(struct domain *d, unsigned int version);

/*
 * Marks the grant as used for reading, or writing too, and gives the frame
 * that it grants. GNTST_okay or another status; nothing is marked then.
 */
int16_t table_acquire(struct domain *d, uint32_t ref, bool write,
		      mfn_t *ret_frame);
/* After a mapping has been freed: takes away the marks that it had alone. */
void table_release(struct domain *d, uint32_t ref);

int16_t table_swap(struct domain *d, uint32_t a, uint32_t b);

#endif
