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

/* Entries that there are; below that, where each is. */
uint32_t table_entries(const struct domain *d);
grant_entry_v1_t *table_v1(const struct domain *d, uint32_t ref);
grant_entry_v2_t *table_v2(const struct domain *d, uint32_t ref);
/* Of version 2. */
grant_status_t *table_status(const struct domain *d, uint32_t ref);

#endif
