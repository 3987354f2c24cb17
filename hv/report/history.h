/* SPDX-License-Identifier: MIT */
/* The life of one frame, told as it happens: boot option `watch-mfn=HEX`. */
#ifndef PW_HV_REPORT_HISTORY_H
#define PW_HV_REPORT_HISTORY_H

#include "abi/addr.h"

struct domain;
struct mmu_domain;
struct mmu_event;

/* The frame that is watched, or MFN_INVALID. Set before the domain is made. */
extern mfn_t history_frame;

/* A new domain: its events are told if a frame is watched. */
void history_begin(struct domain *d);
void history_event(struct mmu_domain *d, const struct mmu_event *event);

#endif
