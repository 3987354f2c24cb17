/* SPDX-License-Identifier: MIT */
/*
 * Between the files of the grant service: mapping what is granted. Each sets
 * the request's status; -XEN_ERESTART: nothing was done, ask again.
 */
#ifndef PW_HV_SERVICES_GRANT_MAP_H
#define PW_HV_SERVICES_GRANT_MAP_H

#include "hv/services/grant.h"

int map_grant(struct vcpu *v, gnttab_map_grant_ref_t *op);
int map_end(struct vcpu *v, gnttab_unmap_grant_ref_t *op);
int map_replace(struct vcpu *v, gnttab_unmap_and_replace_t *op);

/* It has died, its tables are gone: the grants that it used are free. */
void map_domain_end(struct domain *d);

#endif
