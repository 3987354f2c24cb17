/* SPDX-License-Identifier: MIT */
/* The machine's own view of the invariants. */
#ifndef PW_SIM_CHECK_H
#define PW_SIM_CHECK_H

#include "sim/sim.h"

/*
 * I2 in the TLB: no entry lets the guest write a frame in use as a table or
 * descriptor page, nor one that is no longer the domain's (I9). Returns false
 * with the entry.
 */
bool check_tlb(const struct sim *s, struct tlb_entry *ret);
/* The engine's audit; the number of differences. */
uint64_t check_audit(struct sim *s, struct audit_report *report);
/* Both; ends the run if the contract is broken. */
void check_machine(struct sim *s);

#endif
