/* SPDX-License-Identifier: MIT */
/* GNTTABOP_copy. */
#ifndef PW_HV_SERVICES_GRANT_COPY_H
#define PW_HV_SERVICES_GRANT_COPY_H

#include "hv/services/grant.h"

/* Sets the status; -XEN_ERESTART: nothing was done, ask again. */
int copy_grant(struct vcpu *v, gnttab_copy_t *op);

#endif
