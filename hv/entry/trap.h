/* SPDX-License-Identifier: MIT */
/* Between entry.S and the C files of hv/entry. */
#ifndef PW_HV_ENTRY_TRAP_H
#define PW_HV_ENTRY_TRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "hv/cpu/regs.h"
#include "hv/vcpu/vcpu.h"

/* regs.vector: nothing happened, enter the guest again. */
#define ENTRY_RETRY 0x1ff

/* --- called by entry.S ---------------------------------------------------- */

/* Any exception of the guest but page faults; r is complete. */
void trap_exception(struct vcpu *v, struct regs *r);
/* False: to be emulated, which needs r to be complete. */
bool trap_page_fault(struct vcpu *v, struct regs *r, uint64_t cr2);
void trap_page_fault_emulate(struct vcpu *v, struct regs *r);
/* SYSCALL of a guest user, the cases that entry.S leaves to C. */
void trap_syscall(struct vcpu *v, struct regs *r);
void trap_sysenter(struct vcpu *v, struct regs *r);
/* The iret hypercall, with the frame at `stack`. */
void trap_iret(struct vcpu *v, struct regs *r, uint64_t stack);
void trap_interrupt(uint32_t vector);
/*
 * An exception in the hypervisor. Returns the registers to go on with: its
 * own, or those of the guest that it was about to enter.
 */
struct regs *trap_own(struct regs *r);
_Noreturn void trap_fatal(struct regs *r);
/* An event is pending: enters the guest at its event callback. */
void event_enter_guest(struct vcpu *v, struct regs *r);
/* v->work is not empty. */
void vcpu_do_work(struct vcpu *v, struct regs *r);

/* Exceptions and interrupts of guests, by vector. */
extern uint64_t trap_counts[256];

/* --- bounce.c ---------------------------------------------------------------
 */

/*
 * Enters the guest kernel at a callback, with the frame of an exception that
 * has no error code. False: the domain has crashed.
 */
bool bounce_callback(struct vcpu *v, struct regs *r, uint64_t address,
		     bool mask_events);

/* --- print.c ----------------------------------------------------------------
 */

/* The hypervisor's own registers. */
void registers_print(const struct regs *r);
const char *trap_name(unsigned int vector);

_Noreturn void enter_guest(struct regs *r);

#endif
