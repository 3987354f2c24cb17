/* SPDX-License-Identifier: MIT */
/* A domain's grants of a frame, as its table has them now. */
#ifndef PW_HV_REPORT_GRANTS_H
#define PW_HV_REPORT_GRANTS_H

#include <stdbool.h>

#include "abi/addr.h"
#include "abi/xen.h"

struct domain;

struct grant_seen {
	uint32_t ref;
	domid_t to;
	bool writable;
	bool active; /* somebody uses it */
};

/* The first one from that reference on; false: there is none. */
bool grants_find(const struct domain *d, mfn_t frame, uint32_t from,
		 struct grant_seen *ret);

#endif
