/* SPDX-License-Identifier: MIT */
/* A domain's end. */
#ifndef PW_HV_LIFE_END_H
#define PW_HV_LIFE_END_H

struct regs;
struct vcpu;

/*
 * The vCPU's domain has shut down or crashed: reports, returns all it held,
 * audits, sends the summary, and ends the machine, because it was the only
 * one. r is complete (all 15 general registers).
 */
_Noreturn void domain_end(struct vcpu *v, const struct regs *r);

#endif
