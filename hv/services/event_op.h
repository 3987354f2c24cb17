/* SPDX-License-Identifier: MIT */
/* event_channel_op. */
#ifndef PW_HV_SERVICES_EVENT_OP_H
#define PW_HV_SERVICES_EVENT_OP_H

#include <stdint.h>

struct vcpu;

int64_t hc_event_channel_op(struct vcpu *v, uint64_t arg[6]);
int64_t hc_event_channel_op_compat(struct vcpu *v, uint64_t arg[6]);

#endif
