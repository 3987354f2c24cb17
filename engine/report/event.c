/* SPDX-License-Identifier: MIT */
/* An event is told with the operation that it belongs to. */
#include "engine/report/event.h"

#include "engine/port.h"

void event_tell(struct mmu_domain *d, struct mmu_event event)
{
	event.serial = d->serial;
	event.op = d->op;
	port_event(d, &event);
}
