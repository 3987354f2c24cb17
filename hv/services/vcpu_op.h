/* SPDX-License-Identifier: MIT */
/* vcpu_op and nmi_op. */
#ifndef PW_HV_SERVICES_VCPU_OP_H
#define PW_HV_SERVICES_VCPU_OP_H

#include <stdint.h>

struct vcpu;

int64_t hc_vcpu_op(struct vcpu *v, uint64_t arg[6]);
int64_t hc_nmi_op(struct vcpu *v, uint64_t arg[6]);

#endif
