/* SPDX-License-Identifier: MIT */
/* The domain's memory for whoever reads it from outside; boot option `dump`. */
#ifndef PW_HV_REPORT_DUMP_H
#define PW_HV_REPORT_DUMP_H

#include <stdbool.h>

struct regs;
struct vcpu;

extern bool dump_wanted;

/*
 * The domain of the vCPU that has the CPU, with these registers, has stopped,
 * and has what it had: tells, and waits for the reader.
 */
void dump_end(const struct vcpu *here, const struct regs *r);

#endif
