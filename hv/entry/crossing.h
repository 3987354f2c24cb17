/* SPDX-License-Identifier: MIT */
/* Called by entry.S: between guest user and guest kernel. */
#ifndef PW_HV_ENTRY_CROSSING_H
#define PW_HV_ENTRY_CROSSING_H

#include <stdint.h>

struct regs;
struct vcpu;

/* SYSCALL of a guest user, the cases that entry.S leaves to C. */
void trap_syscall(struct vcpu *v, struct regs *r);
void trap_sysenter(struct vcpu *v, struct regs *r);
/* The iret hypercall, with the frame at `stack`. */
void trap_iret(struct vcpu *v, struct regs *r, uint64_t stack);

#endif
