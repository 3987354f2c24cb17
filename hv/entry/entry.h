/* SPDX-License-Identifier: MIT */
/* The part of entry.S that C calls. */
#ifndef PW_HV_ENTRY_ENTRY_H
#define PW_HV_ENTRY_ENTRY_H

struct regs;

/* Enters the guest with these registers, at their place on the CPU's stack. */
_Noreturn void enter_guest(struct regs *r);

#endif
