/* SPDX-License-Identifier: MIT */
/*
 * What is counted beside the engine's own statistics. A vCPU counts what it
 * does, so that no two CPUs write the same word; sums are made for the report.
 */
#ifndef PW_HV_REPORT_COUNTERS_H
#define PW_HV_REPORT_COUNTERS_H

#include <stdint.h>

#include "engine/mmu.h"

struct domain;

#define HYPERCALLS 64

/* Part of struct vcpu. */
struct vcpu_counters {
	uint64_t calls[HYPERCALLS]; /* by number, those of multicalls too */
	uint64_t traps[256];        /* exceptions and interrupts, by vector */
	uint64_t since_audit;       /* hypercalls */
	unsigned int msrs_logged;
};

/* Part of struct domain; written under the domain's MMU lock. */
struct domain_counters {
	uint64_t refused[HYPERCALLS]; /* refusals, by the request's number */
	uint64_t audits;
	uint64_t differences; /* that they found */
	uint64_t started_tsc; /* when the guest was entered first */
};

/* Of all vCPUs of the domain. */
uint64_t counters_calls(const struct domain *d, unsigned int nr);
uint64_t counters_traps(const struct domain *d, unsigned int vector);
/* The summary's key. */
const char *flush_name(enum flush_cause cause);
const char *hypercall_name(unsigned int nr);

#endif
