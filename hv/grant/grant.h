/* SPDX-License-Identifier: MIT */
/*
 * The grant table: frames of the hypervisor's that the guest may map and fill.
 * No other domain exists that could map what is granted, so the operations
 * that use grants are refused entry by entry.
 */
#ifndef PW_HV_GRANT_GRANT_H
#define PW_HV_GRANT_GRANT_H

#include "abi/addr.h"
#include "abi/xen.h"

struct domain;
struct vcpu;

#define GRANT_MAX_FRAMES 32

/* Part of struct domain. */
struct grant_domain {
	mfn_t first;            /* of GRANT_MAX_FRAMES consecutive ones */
	unsigned int nr_frames; /* of them, lent to the guest so far */
};

/*
 * Version 1, one frame, whose entries 0 and 1 grant the console's page and the
 * store's. `first`: GRANT_MAX_FRAMES zeroed frames of the hypervisor's.
 */
void grant_domain_init(struct domain *d, mfn_t first, mfn_t console,
		       mfn_t store);
int64_t hc_grant_table_op(struct vcpu *v, uint64_t arg[6]);
/* XENMAPSPACE_grant_table's question: frame `index`, or MFN_INVALID. */
mfn_t grant_frame(struct domain *d, uint64_t index);

#endif
