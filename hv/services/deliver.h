/* SPDX-License-Identifier: MIT */
/* Between the files of the event service: port numbers here have been checked. */
#ifndef PW_HV_SERVICES_DELIVER_H
#define PW_HV_SERVICES_DELIVER_H

#include "hv/services/event.h"

/* Raises the port for the vCPU that it notifies. */
void event_set_pending(struct domain *d, evtchn_port_t port);
/* Unmasks it; raises it if it was pending behind the mask. */
void event_unmask(struct domain *d, evtchn_port_t port);
void event_clear_pending(struct domain *d, evtchn_port_t port);

#endif
