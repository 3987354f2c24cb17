/* SPDX-License-Identifier: MIT */
/*
 * What a vCPU did last: the exceptions its kernel was given, the hypercalls it
 * made. Kept always, since nobody knows beforehand which will be the last.
 */
#ifndef PW_HV_REPORT_RECENT_H
#define PW_HV_REPORT_RECENT_H

#include <stdint.h>

struct vcpu;

#define RECENT_EXCEPTIONS 8
#define RECENT_CALLS 256 /* entry.S lets a byte wrap around */

struct recent_exception {
	uint64_t rip;
	uint64_t cr2;   /* of a page fault, else 0 */
	uint64_t times; /* in a row */
	uint32_t error;
	uint32_t vector;
};

/* Part of struct vcpu. */
struct recent {
	struct recent_exception exception[RECENT_EXCEPTIONS];
	uint64_t nr_exceptions; /* the next one's place, modulo */
	uint8_t call[RECENT_CALLS];
	uint8_t next_call;
};

void recent_init(struct recent *recent);
/* In registers: it is on the way of every page fault. */
void recent_note(struct recent *recent, unsigned int vector, uint32_t error,
		 uint64_t rip, uint64_t cr2);
/* As lines of the log. */
void recent_show(const struct vcpu *v);
/* As members of the event that has been begun. */
void recent_tell(const struct vcpu *v);

#endif
