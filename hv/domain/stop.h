/* SPDX-License-Identifier: MIT */
/*
 * Stopping a domain: a mark on it and on its vCPUs, which everybody may set.
 * What follows from it happens on the way back to the guest (life/end.h).
 */
#ifndef PW_HV_DOMAIN_STOP_H
#define PW_HV_DOMAIN_STOP_H

#include <stdbool.h>
#include <stdint.h>

struct domain;
struct vcpu;

/*
 * The domain's end, as the guest asked for it: SHUTDOWN_*. Returns; the vCPU
 * does not go back to the guest.
 */
void domain_shutdown(struct domain *d, unsigned int reason);

/*
 * The guest cannot go on. Returns; the report follows when the vCPU would go
 * back to the guest. The first reason counts. A string constant.
 */
void domain_crash(struct vcpu *v, const char *reason);
/* The same, when it was about an address: its page-table walk is shown. */
void domain_crash_at(struct vcpu *v, const char *reason, uint64_t address);

/*
 * The vCPU would carry out the end of its domain. Which one does: the first
 * that would, whatever the CPU that says so holds.
 */
struct vcpu *stop_reaper(struct domain *d, struct vcpu *v);

/* No vCPU runs, and none ever will. */
void domain_halted(struct domain *d);
/* From outside: the run is over, whatever the guest is doing. */
void domain_break(struct domain *d, const char *reason, bool with_report);

/* All of them; none begins again. */
void domain_break_all(const char *reason, bool with_report);
extern bool stop_all; /* that was asked for */

/* Stops at the end of the hypercall in which that request is, or a refusal. */
extern uint64_t stop_at_request; /* 0: none */
extern bool stop_at_refusal;
/* Boot option: there is a debugger, for which the machine is to be stopped. */
extern bool stop_in_guest;
bool stop_watches(void);
/* True, once: that is to be done. Without the option the domain ends here. */
bool stop_watch(struct domain *d);

#endif
