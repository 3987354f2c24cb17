/* SPDX-License-Identifier: MIT */
/* How far a kernel has come with its page tables, told once each. */
#ifndef PW_HV_REPORT_PHASE_H
#define PW_HV_REPORT_PHASE_H

#include <stdint.h>

struct domain;
struct vcpu;

enum phase {
	PHASE_START,      /* its first instruction */
	PHASE_OWN_TABLES, /* a root that is not the builder's */
	PHASE_DIRECT_MAP, /* L1 tables beyond those */
	PHASE_P2M,        /* the P2M's frames are in shared_info */
	PHASE_RUN_TIME,   /* it takes events */
	PHASE_USERSPACE,  /* it has a root for users */
	PHASES,
};

/* Part of struct domain. */
struct phase_domain {
	uint32_t reached;    /* set of 1 << enum phase */
	uint64_t first_root; /* the builder's */
	uint64_t first_l1;   /* L1 tables when its own root was loaded */
};

void phase_start(struct vcpu *v);
void phase_events(struct domain *d);
/* After a request that may have changed tables or roots. */
void phase_look(struct vcpu *v);

#endif
