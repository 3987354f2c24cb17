/* SPDX-License-Identifier: MIT */
/* A new vCPU's state, as a 32-bit guest has it. */
#ifndef PW_HV_SERVICES_CONTEXT_32_H
#define PW_HV_SERVICES_CONTEXT_32_H

#include "abi/xen_32.h"

/*
 * The same for a 64-bit one; the selectors of its two callbacks, for which that
 * has no room, are the halves of syscall_callback_eip.
 */
void context_widen(struct vcpu_guest_context *to,
		   const struct vcpu_guest_context_32 *from);

#endif
