/* SPDX-License-Identifier: MIT */
/* What the services need at a domain's beginning, step by step. */
#ifndef PW_HV_LIFE_SERVICES_H
#define PW_HV_LIFE_SERVICES_H

#include <stdint.h>

#include "builder/build.h"

struct domain;
struct vcpu;

/* Events and time; the domain has its shared info by now. */
void services_init(struct domain *d);
/* Ports of the two rings, for start_info. */
void services_ports(struct domain *d, struct vcpu *v, uint32_t *ret_console,
		    uint32_t *ret_store);
/*
 * The rings' pages and the grant table, whose GRANT_MAX_FRAMES frames of the
 * hypervisor's begin at `grants`. 0 or a negative errno.
 */
int services_rings(struct domain *d, const struct build_result *built,
		   const struct build_params *params, mfn_t grants);

/*
 * The domain's memory is about to go: nothing of the services points to it any
 * more, nor fires.
 */
void services_end(struct domain *d);

#endif
