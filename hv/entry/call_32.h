/* SPDX-License-Identifier: MIT */
/* Called by entry_32.S: a 32-bit kernel's INT 0x82. */
#ifndef PW_HV_ENTRY_CALL_32_H
#define PW_HV_ENTRY_CALL_32_H

struct regs;
struct vcpu;

/* Where stretches are measured: one begins. */
void call_32_begin(void);
/* IRET, and whoever has no business there. */
void trap_call_32(struct vcpu *v, struct regs *r);
/* The iret hypercall, with the frame at the kernel's esp. */
void trap_iret_32(struct vcpu *v, struct regs *r);

#endif
