/* SPDX-License-Identifier: MIT */
/* Which request the guest is at, for who replays the machine. */
#ifndef PW_HV_REPORT_MARK_H
#define PW_HV_REPORT_MARK_H

#include <stdint.h>

struct regs;
struct vcpu;

/* Boot option `mark-at=N`: the request to be marked; 0: none is. */
extern uint64_t mark_at;

/* Tells where the mark is. */
void mark_init(void);
/* The guest goes on there, behind its latest request. */
void mark_set(const struct vcpu *v, const struct regs *r);

#endif
