/* SPDX-License-Identifier: MIT */
/*
 * The port table of a domain.
 *
 * A port is FREE until an operation binds it; the binding operations take the
 * lowest free one. Ports are made in groups, as in Xen: one that lies in a
 * group never used does not exist yet (-EINVAL). The state alone decides what
 * a port may be asked for, so each operation is a switch on it.
 */
#include "hv/services/channel.h"

#include "hv/domain/domain.h"
#include "hv/services/deliver.h"
#include "hv/vcpu/vcpu.h"

#define PORT_GROUP 64

bool channel_valid(const struct domain *d, evtchn_port_t port)
{
	return port < d->event.nr_valid;
}

bool channel_domid_is_self(const struct domain *d, domid_t domid)
{
	return domid == DOMID_SELF || domid == d->mmu.domid;
}

/* The port, when it exists and is bound to something; else NULL. */
static struct event_port *channel_used(struct domain *d, evtchn_port_t port)
{
	struct event_port *p;

	if (!channel_valid(d, port)) {
		return NULL;
	}
	p = &d->event.port[port];
	return p->state <= EVENT_RESERVED ? NULL : p;
}

/* Takes the lowest free port: its number, or 0 when all are in use. */
static evtchn_port_t channel_take(struct domain *d, enum event_state state,
				  unsigned int vcpu)
{
	struct event_domain *e = &d->event;
	evtchn_port_t port = e->first_free;

	while (port < EVENT_PORTS && e->port[port].state != EVENT_FREE) {
		port++;
	}
	e->first_free = port;
	if (port == EVENT_PORTS) {
		return 0;
	}
	if (port >= e->nr_valid) {
		e->nr_valid += PORT_GROUP;
	}
	e->port[port] = (struct event_port){.state = (uint8_t)state,
					    .vcpu = (uint16_t)vcpu};
	return port;
}

static void channel_free(struct domain *d, evtchn_port_t port)
{
	d->event.port[port] = (struct event_port){.state = EVENT_FREE};
	event_clear_pending(d, port);
	if (port < d->event.first_free) {
		d->event.first_free = port;
	}
}

void event_domain_init(struct domain *d)
{
	/* A vCPU takes no events before it says so. */
	for (unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++) {
		d->shared_info->vcpu_info[i].evtchn_upcall_mask = 1;
	}
	d->event.port[0].state = EVENT_RESERVED;
	d->event.first_free = 1;
	d->event.nr_valid = PORT_GROUP;
}

void event_vcpu_init(struct vcpu *v)
{
	v->event.registered = MFN_INVALID;
	/* Those past the 32nd would have none before they register one. */
	v->event.info = &v->domain->shared_info
				 ->vcpu_info[v->id % XEN_LEGACY_MAX_VCPUS];
}

evtchn_port_t event_bind_hypervisor(struct domain *d, struct vcpu *v,
				    enum event_sink sink)
{
	evtchn_port_t port = channel_take(d, EVENT_INTERDOMAIN, v->id);

	if (port != 0) {
		d->event.port[port].sink = (uint8_t)sink;
	}
	return port;
}

int channel_alloc_unbound(struct domain *d, evtchn_alloc_unbound_t *op)
{
	evtchn_port_t port;

	if (!channel_domid_is_self(d, op->dom)) {
		return -XEN_ESRCH;
	}
	port = channel_take(d, EVENT_UNBOUND, 0);
	if (port == 0) {
		return -XEN_ENOSPC;
	}
	d->event.port[port].remote_domid =
		op->remote_dom == DOMID_SELF ? d->mmu.domid : op->remote_dom;
	op->port = port;
	return 0;
}

/* Loop-back only: there is no other domain to bind to. */
int channel_bind_interdomain(struct vcpu *v, evtchn_bind_interdomain_t *op)
{
	struct domain *d = v->domain;
	struct event_port *remote;
	evtchn_port_t port;

	if (!channel_domid_is_self(d, op->remote_dom)) {
		return -XEN_ESRCH;
	}
	port = channel_take(d, EVENT_UNBOUND, v->id);
	if (port == 0) {
		return -XEN_ENOSPC;
	}
	remote = channel_used(d, op->remote_port);
	if (remote == NULL || op->remote_port == port ||
	    remote->state != EVENT_UNBOUND ||
	    remote->remote_domid != d->mmu.domid) {
		channel_free(d, port);
		return -XEN_EINVAL;
	}
	d->event.port[port].state = EVENT_INTERDOMAIN;
	d->event.port[port].remote_domid = d->mmu.domid;
	d->event.port[port].remote_port = op->remote_port;
	remote->state = EVENT_INTERDOMAIN;
	remote->remote_port = port;
	/* The other side may have sent before this one was bound. */
	event_set_pending(d, port);
	op->local_port = port;
	return 0;
}

static bool virq_is_global(uint32_t virq)
{
	return virq != VIRQ_TIMER && virq != VIRQ_DEBUG &&
	       virq != VIRQ_XENOPROF && virq != VIRQ_XENPMU;
}

int channel_bind_virq(struct domain *d, evtchn_bind_virq_t *op)
{
	evtchn_port_t port;
	struct vcpu *v;

	if (op->virq >= NR_VIRQS) {
		return -XEN_EINVAL;
	}
	if (virq_is_global(op->virq) && op->vcpu != 0) {
		return -XEN_EINVAL;
	}
	v = domain_vcpu(d, op->vcpu);
	if (v == NULL) {
		return -XEN_ENOENT;
	}
	if (v->event.virq_port[op->virq] != 0) {
		return -XEN_EEXIST;
	}
	port = channel_take(d, EVENT_VIRQ, op->vcpu);
	if (port == 0) {
		return -XEN_ENOSPC;
	}
	d->event.port[port].virq = (uint16_t)op->virq;
	v->event.virq_port[op->virq] = (uint16_t)port;
	op->port = port;
	return 0;
}

int channel_bind_ipi(struct domain *d, evtchn_bind_ipi_t *op)
{
	evtchn_port_t port;

	if (domain_vcpu(d, op->vcpu) == NULL) {
		return -XEN_ENOENT;
	}
	port = channel_take(d, EVENT_IPI, op->vcpu);
	if (port == 0) {
		return -XEN_ENOSPC;
	}
	op->port = port;
	return 0;
}

int channel_close(struct domain *d, evtchn_port_t port)
{
	struct event_port *p = channel_used(d, port);

	if (p == NULL) {
		return -XEN_EINVAL;
	}
	if (p->state == EVENT_VIRQ) {
		/* A global one may have moved; it is vCPU 0 that holds it. */
		struct vcpu *v = d->vcpu[virq_is_global(p->virq) ? 0 : p->vcpu];

		v->event.virq_port[p->virq] = 0;
	} else if (p->state == EVENT_INTERDOMAIN &&
		   p->sink == EVENT_SINK_NONE) {
		struct event_port *peer = &d->event.port[p->remote_port];

		peer->state = EVENT_UNBOUND;
		peer->remote_domid = d->mmu.domid;
	}
	channel_free(d, port);
	return 0;
}

int channel_send(struct domain *d, evtchn_port_t port,
		 enum event_sink *ret_sink)
{
	struct event_port *p = channel_used(d, port);

	*ret_sink = EVENT_SINK_NONE;
	if (p == NULL) {
		return -XEN_EINVAL;
	}
	switch (p->state) {
	case EVENT_INTERDOMAIN:
		*ret_sink = p->sink;
		if (p->sink == EVENT_SINK_NONE) {
			event_set_pending(d, p->remote_port);
		}
		return 0;
	case EVENT_IPI:
		event_set_pending(d, port);
		return 0;
	case EVENT_UNBOUND:
		return 0; /* nobody listens: dropped */
	default:
		return -XEN_EINVAL;
	}
}

int channel_status(struct domain *d, evtchn_status_t *op)
{
	const struct event_port *p;

	if (!channel_domid_is_self(d, op->dom)) {
		return -XEN_ESRCH;
	}
	if (!channel_valid(d, op->port)) {
		return -XEN_EINVAL;
	}
	p = &d->event.port[op->port];
	op->vcpu = p->vcpu;
	switch (p->state) {
	case EVENT_UNBOUND:
		op->status = EVTCHNSTAT_unbound;
		op->u.unbound.dom = p->remote_domid;
		break;
	case EVENT_INTERDOMAIN:
		op->status = EVTCHNSTAT_interdomain;
		op->u.interdomain.dom = p->remote_domid;
		op->u.interdomain.port = p->remote_port;
		break;
	case EVENT_VIRQ:
		op->status = EVTCHNSTAT_virq;
		op->u.virq = p->virq;
		break;
	case EVENT_IPI:
		op->status = EVTCHNSTAT_ipi;
		break;
	default:
		op->status = EVTCHNSTAT_closed;
		break;
	}
	return 0;
}

int channel_bind_vcpu(struct domain *d, evtchn_port_t port, uint32_t vcpu)
{
	struct event_port *p;

	if (domain_vcpu(d, vcpu) == NULL) {
		return -XEN_ENOENT;
	}
	p = channel_used(d, port);
	if (p == NULL || p->state == EVENT_IPI ||
	    (p->state == EVENT_VIRQ && !virq_is_global(p->virq))) {
		return -XEN_EINVAL;
	}
	p->vcpu = (uint16_t)vcpu;
	return 0;
}

int channel_unmask(struct domain *d, evtchn_port_t port)
{
	if (!channel_valid(d, port)) {
		return -XEN_EINVAL;
	}
	if (channel_used(d, port) != NULL) {
		event_unmask(d, port);
	}
	return 0;
}

int channel_reset(struct domain *d)
{
	for (evtchn_port_t port = 1; port < d->event.nr_valid; port++) {
		if (channel_used(d, port) != NULL) {
			int rc = channel_close(d, port);

			if (rc != 0) {
				return rc;
			}
		}
	}
	return 0;
}
