/* SPDX-License-Identifier: MIT */
/* When the engine's audit runs, and what becomes of its findings. */
#ifndef PW_HV_REPORT_AUDIT_H
#define PW_HV_REPORT_AUDIT_H

#include <stdbool.h>

#include "engine/report/audit.h"

struct domain;
struct vcpu;

/* "off", "exit" (the default) or a number: every so many hypercalls too. */
bool audit_configure(const char *text);
/* Does the configuration need scratch memory at all? */
bool audit_wanted(void);
/* Scratch memory for audits: a record, of zeros, for each of its frames. */
void audit_init(struct audit_tally *scratch);

enum audit_when { AUDIT_PERIODIC, AUDIT_EXIT, AUDIT_DESTROYED };
/*
 * Audits all domains now and reports, as the doing of d's; nothing without
 * scratch memory. With the machine's lock held, and no other.
 */
void audit_run(struct domain *d, enum audit_when when);

/* Are there audits every so many hypercalls? */
bool audit_periodic(void);
/* After each hypercall of the vCPU, if there are. */
void audit_tick(struct vcpu *v);
/* So many have been by now; */
bool audit_is_due(const struct vcpu *v);
/* and that is what follows. */
void audit_now(struct vcpu *v);

#endif
