/* SPDX-License-Identifier: MIT */
/* Which request it was: members that several events of the channel have. */
#ifndef PW_HV_REPORT_REQUEST_H
#define PW_HV_REPORT_REQUEST_H

#include <stdint.h>

struct domain;

struct request_told {
	uint64_t serial;
	uint32_t of;       /* requests in its list; 0: there is none */
	unsigned int call; /* its place in a multicall, plus 1 */
	uint64_t source;   /* guest address of its operands, or 0 */
};

/* Within an event: request, us, of, call, source. */
void request_tell(const struct domain *d, const struct request_told *r);

#endif
