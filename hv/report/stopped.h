/* SPDX-License-Identifier: MIT */
/* The machine is stopped for a debugger. */
#ifndef PW_HV_REPORT_STOPPED_H
#define PW_HV_REPORT_STOPPED_H

struct regs;
struct vcpu;

/* Tells where the guest will go on, and stops the machine.
 */
void stopped_in_guest(const struct vcpu *v, const struct regs *r);

#endif
