/* SPDX-License-Identifier: MIT */
/* Delivery of events. Port numbers here have been checked. */
#ifndef PW_HV_SERVICES_DELIVER_H
#define PW_HV_SERVICES_DELIVER_H

#include "hv/services/event.h"

/* Raises the port for the vCPU that it notifies. */
void event_set_pending(struct domain *d, evtchn_port_t port);
/* Unmasks it; raises it if it was pending behind the mask. */
void event_unmask(struct domain *d, evtchn_port_t port);
void event_clear_pending(struct domain *d, evtchn_port_t port);

/* The hypervisor's end of that port speaks. */
void event_notify(struct domain *d, evtchn_port_t port);
/* Raises a virtual interrupt, if the guest has bound it. */
void event_virq(struct vcpu *v, unsigned int virq);

/* Must the event callback be entered before this vCPU goes on? */
bool event_deliverable(const struct vcpu *v);

int event_register_vcpu_info(struct vcpu *v, uint64_t frame, uint32_t offset);

/* SCHEDOP_poll's question: is any of these ports pending? */
bool event_any_pending(const struct domain *d, const evtchn_port_t *ports,
		       unsigned int nr);

#endif
