/* SPDX-License-Identifier: MIT */
/* A domain's end. */
#ifndef PW_HV_LIFE_END_H
#define PW_HV_LIFE_END_H

struct regs;
struct vcpu;

/*
 * The vCPU's domain has shut down or crashed: the next step of its end, which
 * reports, returns all that it held, audits, sends the summary, and makes it
 * again or ends the machine with the last. The vCPU does not go back to its
 * guest: schedule() comes next, with the CPU perhaps nobody's. r is complete
 * (all 15 general registers). The machine's lock is held once.
 */
void domain_end(struct vcpu *v, const struct regs *r);

#endif
