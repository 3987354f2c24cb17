/* SPDX-License-Identifier: MIT */
/* Entering the guest kernel: exceptions, callbacks, events. */
#ifndef PW_HV_VCPU_INJECT_H
#define PW_HV_VCPU_INJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "hv/cpu/regs.h"
#include "hv/cpu/x86.h"
#include "hv/domain/domain.h"
#include "hv/vcpu/vcpu.h"

/* Not in a handler. */
#define INJECT_FLAGS_CLEARED                                        \
	((uint64_t)(X86_RFLAGS_AC | X86_RFLAGS_VM | X86_RFLAGS_RF | \
		    X86_RFLAGS_NT | X86_RFLAGS_TF))

/* As a frame has them: of the guest's own IF and IOPL, if it asked for that. */
static inline uint64_t inject_flags(const struct vcpu *v, const struct regs *r,
				    bool masked)
{
	uint64_t f = r->rflags & ~(uint64_t)(X86_RFLAGS_IF | X86_RFLAGS_IOPL);

	if (!masked) {
		f |= X86_RFLAGS_IF;
	}
	if (v->domain->vm_assist & 1u << VMASST_TYPE_architectural_iopl) {
		f |= (uint64_t)v->iopl << 12;
	}
	return f;
}

/*
 * Makes the guest take an exception: builds its frame on the guest kernel's
 * stack and points r at its handler. Where that is impossible the domain
 * crashes. The error code is used for the vectors that have one.
 */
void inject_exception(struct vcpu *v, struct regs *r, unsigned int vector,
		      uint32_t error);
void inject_page_fault(struct vcpu *v, struct regs *r, uint64_t cr2,
		       uint32_t error);

/*
 * Enters the guest kernel at a callback, with the frame of an exception that
 * has no error code. The code segment is a 32-bit kernel's; a 64-bit one has
 * but one. False: the domain has crashed.
 */
bool inject_callback(struct vcpu *v, struct regs *r, uint16_t cs,
		     uint64_t address, bool mask_events);
/* An event is pending: enters the guest at its event callback. */
void inject_event(struct vcpu *v, struct regs *r);

#endif
