/* SPDX-License-Identifier: MIT */
/* Called by entry.S: exceptions and interrupts that came while a guest ran. */
#ifndef PW_HV_ENTRY_TRAP_H
#define PW_HV_ENTRY_TRAP_H

#include <stdbool.h>
#include <stdint.h>

struct regs;
struct vcpu;

/* Any exception of the guest but page faults; r is complete. */
void trap_exception(struct vcpu *v, struct regs *r);
/* False: to be emulated, which needs r to be complete. */
bool trap_page_fault(struct vcpu *v, struct regs *r, uint64_t cr2);
void trap_page_fault_emulate(struct vcpu *v, struct regs *r);
void trap_interrupt(uint32_t vector);

#endif
