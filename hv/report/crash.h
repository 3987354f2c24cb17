/* SPDX-License-Identifier: MIT */
/* What is printed when a guest cannot go on. */
#ifndef PW_HV_REPORT_CRASH_H
#define PW_HV_REPORT_CRASH_H

struct regs;
struct vcpu;

/*
 * How it ended and why, registers, page-table walk of the last fault address,
 * guest stack, last exceptions.
 * r is complete (all 15 general registers). The guest's tables are loaded.
 */
void crash_report(struct vcpu *v, const struct regs *r, const char *how,
		  const char *reason);

#endif
