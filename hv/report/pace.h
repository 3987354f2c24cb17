/* SPDX-License-Identifier: MIT */
/*
 * How much one writer of many may put on a port that takes all it is given: a
 * burst, and so much a second after that. What is kept is the time by which
 * all that was written is paid for; it lies ahead of now by no more than one
 * piece, and behind by no more than a burst.
 */
#ifndef PW_HV_REPORT_PACE_H
#define PW_HV_REPORT_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_BURST UINT64_C(65536) /* bytes */
#define PACE_BYTE UINT64_C(16384)  /* ns: 61,035 bytes a second */

struct pace {
	uint64_t paid; /* system time */
};

static inline bool pace_allows(const struct pace *p, uint64_t now)
{
	return p->paid <= now;
}

static inline void pace_took(struct pace *p, uint64_t bytes, uint64_t now)
{
	const uint64_t burst = PACE_BURST * PACE_BYTE;
	const uint64_t least = now > burst ? now - burst : 0;

	p->paid = (p->paid > least ? p->paid : least) + bytes * PACE_BYTE;
}

#endif
