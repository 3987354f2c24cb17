/* SPDX-License-Identifier: MIT */
/* xen_version. */
#ifndef PW_HV_SERVICES_VERSION_H
#define PW_HV_SERVICES_VERSION_H

#include <stdint.h>

struct vcpu;

int64_t hc_xen_version(struct vcpu *v, uint64_t arg[6]);

#endif
