/* SPDX-License-Identifier: MIT */
/*
 * The port table: binding, closing and sending. Ports and vCPU numbers come
 * from the guest unchecked. 0 or a negative errno.
 */
#ifndef PW_HV_SERVICES_CHANNEL_H
#define PW_HV_SERVICES_CHANNEL_H

#include "hv/services/event.h"

/* The domain has shared info and its vCPUs (vcpu_info pointers) by now. */
void event_domain_init(struct domain *d);
void event_vcpu_init(struct vcpu *v);
/* It dies: no port of its is bound to anything, nor is any to one of its. */
void event_domain_end(struct domain *d);

/*
 * A port whose other end is the hypervisor, for start_info. 0: none is free.
 */
evtchn_port_t event_bind_hypervisor(struct domain *d, struct vcpu *v,
				    enum event_sink sink);

int channel_alloc_unbound(struct domain *d, evtchn_alloc_unbound_t *op);
int channel_bind_interdomain(struct domain *d, evtchn_bind_interdomain_t *op);
int channel_bind_virq(struct domain *d, evtchn_bind_virq_t *op);
int channel_bind_ipi(struct domain *d, evtchn_bind_ipi_t *op);
int channel_close(struct domain *d, evtchn_port_t port);
/* *ret_sink: who of the hypervisor's own is to hear of it. */
int channel_send(struct domain *d, evtchn_port_t port,
		 enum event_sink *ret_sink);
int channel_status(struct domain *d, evtchn_status_t *op);
int channel_bind_vcpu(struct domain *d, evtchn_port_t port, uint32_t vcpu);
int channel_unmask(struct domain *d, evtchn_port_t port);
/* Closes all of its own. -XEN_ERESTART: there are more. */
int channel_reset(struct domain *d, domid_t domid);
/* Is there such a port? */
bool channel_valid(const struct domain *d, evtchn_port_t port);

#endif
