/* SPDX-License-Identifier: MIT */
/* Who wrote down a request before it was sent: boot option `watch-slot=`. */
#ifndef PW_HV_REPORT_QUEUED_H
#define PW_HV_REPORT_QUEUED_H

#include <stdbool.h>
#include <stdint.h>

struct domain;
struct mmu_event;
struct regs;
struct vcpu;

/*
 * The request with that serial number took its operands from that address of
 * the guest's. False: there are as many as there may be.
 */
bool queued_add(uint64_t request, uint64_t address);
/* Is anything to be watched? */
bool queued_wanted(void);
/* A request has ended: begins to watch, or tells what was seen. */
void queued_request(struct domain *d, const struct mmu_event *e);
/* The vCPU has written to the places in the set. r is complete. */
void queued_write(const struct vcpu *v, const struct regs *r, uint64_t set);

/* The guest has set breakpoints of its own, which do not work meanwhile. */
void queued_took_breakpoints(void);

#endif
