/* SPDX-License-Identifier: MIT */
/* Where the guest kernel is entered: traps and callbacks. */
#ifndef PW_HV_VCPU_CALLBACKS_H
#define PW_HV_VCPU_CALLBACKS_H

#include <stdint.h>

struct vcpu;

int64_t hc_set_trap_table(struct vcpu *v, uint64_t arg[6]);
int64_t hc_set_callbacks(struct vcpu *v, uint64_t arg[6]);
int64_t hc_set_callbacks_32(struct vcpu *v, uint64_t arg[6]);
int64_t hc_callback_op(struct vcpu *v, uint64_t arg[6]);
int64_t hc_vm_assist(struct vcpu *v, uint64_t arg[6]);

#endif
