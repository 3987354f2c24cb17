/* SPDX-License-Identifier: MIT */
/* The account of a domain's life, for the control channel. */
#ifndef PW_HV_REPORT_SUMMARY_H
#define PW_HV_REPORT_SUMMARY_H

struct domain;

/* The guest begins now: what is counted from here on is its own. */
void summary_start(struct domain *d);
void summary_send(const struct domain *d);

#endif
