/* SPDX-License-Identifier: MIT */
/* Called by entry.S: exceptions that came while the hypervisor ran. */
#ifndef PW_HV_ENTRY_OWN_H
#define PW_HV_ENTRY_OWN_H

struct regs;

/*
 * Returns the registers to go on with: its own, or those of the guest that it
 * was about to enter.
 */
struct regs *trap_own(struct regs *r);
_Noreturn void trap_fatal(struct regs *r);

#endif
