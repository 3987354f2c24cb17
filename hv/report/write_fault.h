/* SPDX-License-Identifier: MIT */
/* A kernel's write that faulted although something is mapped there. */
#ifndef PW_HV_REPORT_WRITE_FAULT_H
#define PW_HV_REPORT_WRITE_FAULT_H

#include <stdbool.h>
#include <stdint.h>

struct regs;
struct vcpu;

/* Part of struct domain. */
struct write_faults {
	uint64_t tables; /* the frame is a table, and the write no update */
	uint64_t stale;  /* the tables allow it */
};

/* True: it is the guest's alone, and there is nothing to tell of it. */
bool write_fault_plain(struct vcpu *v, uint64_t va);

/* The guest's kernel is about to be given this fault. r is complete. */
void write_fault_tell(struct vcpu *v, const struct regs *r, uint64_t va);

#endif
