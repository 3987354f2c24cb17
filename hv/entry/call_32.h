/* SPDX-License-Identifier: MIT */
/* Called by entry.S: a 32-bit kernel's INT 0x82. */
#ifndef PW_HV_ENTRY_CALL_32_H
#define PW_HV_ENTRY_CALL_32_H

struct regs;
struct vcpu;

void trap_call_32(struct vcpu *v, struct regs *r);
/* The iret hypercall, with the frame at the kernel's esp. */
void trap_iret_32(struct vcpu *v, struct regs *r);

#endif
