/* SPDX-License-Identifier: MIT */
/*
 * The grant table: frames of the hypervisor's that the guest may map and fill
 * with grants of its own frames. No other domain exists that could use them,
 * but the domain itself may.
 */
#ifndef PW_HV_SERVICES_GRANT_H
#define PW_HV_SERVICES_GRANT_H

#include <stdbool.h>

#include "abi/addr.h"
#include "abi/xen.h"

struct domain;
struct vcpu;

#define GRANT_TABLE_FRAMES 32
/* Version 2 has two bytes of status beside each entry of 16. */
#define GRANT_STATUS_FRAMES (GRANT_TABLE_FRAMES / 8)
#define GRANT_MAX_FRAMES (GRANT_TABLE_FRAMES + GRANT_STATUS_FRAMES)
#define GRANT_MAPPINGS 256

/* A grant in use; its index is the handle. */
struct grant_mapping {
	uint32_t flags; /* GNTMAP_host_map, _device_map, ...; 0: free */
	uint32_t ref;
	mfn_t frame;
};

/* Part of struct domain. */
struct grant_domain {
	mfn_t first;            /* of GRANT_MAX_FRAMES; status frames last */
	unsigned int nr_frames; /* of the table, lent to the guest so far */
	unsigned int version;
	struct grant_mapping mapping[GRANT_MAPPINGS];
};

int64_t hc_grant_table_op(struct vcpu *v, uint64_t arg[6]);

#endif
