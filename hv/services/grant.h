/* SPDX-License-Identifier: MIT */
/*
 * The grant table: frames of the hypervisor's that the guest may map and fill
 * with grants of its own frames, to other domains or to itself.
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
/* Version 1 has more of them. */
#define GRANT_ENTRIES \
	(GRANT_TABLE_FRAMES * (PAGE_SIZE / sizeof(grant_entry_v1_t)))
/* Grants that a domain may have mapped at one time, its own included. */
#define GRANT_MAPPINGS 256

/* An entry of the domain's own table, while somebody uses it. */
struct grant_active {
	mfn_t frame;
	uint16_t by;     /* the only domain that may */
	uint16_t offset; /* of the part that is granted */
	uint16_t length;
	uint16_t uses;   /* 0: all the rest means nothing */
	uint16_t writes; /* of the uses */
};

/* A grant that the domain uses; its index is the handle. */
struct grant_mapping {
	uint32_t flags; /* GNTMAP_host_map, _device_map, ...; 0: free */
	uint32_t ref;
	mfn_t frame;
	/* Whose: its place in the table of domains, and which of its lives. */
	unsigned int slot;
	unsigned int lives;
};

/* Part of struct domain. */
struct grant_domain {
	mfn_t first;            /* of GRANT_MAX_FRAMES; status frames last */
	unsigned int nr_frames; /* of the table, lent to the guest so far */
	unsigned int version;
	unsigned int nr_active; /* entries in use */
	struct grant_active active[GRANT_ENTRIES];
	struct grant_mapping mapping[GRANT_MAPPINGS];
};

int64_t hc_grant_table_op(struct vcpu *v, uint64_t arg[6]);

#endif
