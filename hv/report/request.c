/* SPDX-License-Identifier: MIT */
/* A refusal and a step of a frame's history name their request alike. */
#include "hv/report/request.h"

#include "abi/control.h"
#include "hv/cpu/clock.h"
#include "hv/domain/domain.h"
#include "hv/report/control.h"

void request_tell(const struct domain *d, const struct request_told *r)
{
	control_number(HISTORY_REQUEST, r->serial);
	control_number(HISTORY_US, clock_us_since(d->counters.started_tsc));
	if (r->of != 0) {
		control_number(HISTORY_OF, r->of);
	}
	if (r->call != 0) {
		control_number(HISTORY_CALL, r->call - 1);
	}
	if (r->source != 0) {
		control_hex(HISTORY_SOURCE, r->source);
	}
}
