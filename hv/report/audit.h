/* SPDX-License-Identifier: MIT */
/* When the engine's audit runs, and what becomes of its findings. */
#ifndef PW_HV_REPORT_AUDIT_H
#define PW_HV_REPORT_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/report/audit.h"

struct domain;

/* "off", "exit" (the default) or a number: every so many hypercalls too. */
bool audit_configure(const char *text);
/* Does the configuration need scratch memory at all? */
bool audit_wanted(void);
/* Scratch memory for audits: a record for each frame of the machine. */
void audit_init(struct audit_tally *scratch);
/* Audits now and reports; nothing without scratch memory. */
void audit_run(struct domain *d, const char *when);

extern uint64_t audit_every; /* hypercalls between audits; 0: none */
extern uint64_t audit_countdown;

/* After each hypercall. */
static inline void audit_tick(struct domain *d)
{
	if (__builtin_expect(audit_every != 0, 0) && --audit_countdown == 0) {
		audit_countdown = audit_every;
		audit_run(d, "periodic");
	}
}

#endif
