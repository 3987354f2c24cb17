/* SPDX-License-Identifier: MIT */
/* physdev_op. */
#ifndef PW_HV_SERVICES_PHYSDEV_H
#define PW_HV_SERVICES_PHYSDEV_H

#include <stdint.h>

struct vcpu;

int64_t hc_physdev_op(struct vcpu *v, uint64_t arg[6]);
int64_t hc_physdev_op_compat(struct vcpu *v, uint64_t arg[6]);

#endif
