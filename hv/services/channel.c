/* SPDX-License-Identifier: MIT */
/*
 * The port table of a domain.
 *
 * A port is FREE until an operation binds it; the binding operations take the
 * lowest free one. Ports are made in groups, as in Xen: one that lies in a
 * group never used does not exist yet (-EINVAL). The state alone decides what
 * a port may be asked for, so each operation is a switch on it.
 *
 * Two ends of a channel name each other by domain and port. Whoever closes
 * leaves the other end unbound, and a domain closes all of its ports before it
 * leaves the table: so what a bound port names is there. No domain takes or
 * frees a port of another's: the other end is joined only where it waits for
 * just this domain, and left as it was in every refusal. All of it happens
 * under the machine's lock.
 */
#include "hv/services/channel.h"

#include "engine/port.h"
#include "hv/domain/domain.h"
#include "hv/services/deliver.h"
#include "hv/vcpu/vcpu.h"

#define PORT_GROUP 64

bool channel_valid(const struct domain *d, evtchn_port_t port)
{
	return port < d->event.nr_valid;
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

	while (port < e->nr_ports && e->port[port].state != EVENT_FREE) {
		port++;
	}
	e->first_free = port;
	if (port == e->nr_ports) {
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

/* Where they stand in the guest's layout of the page. */
static void place_bits(struct domain *d)
{
	struct shared_info *si = d->shared_info;
	struct shared_info_32 *si_32 = (void *)si;

	if (d->mmu.narrow) {
		d->event.pending = (void *)si_32->evtchn_pending;
		d->event.mask = (void *)si_32->evtchn_mask;
		d->event.nr_ports = EVENT_PORTS_32;
	} else {
		d->event.pending = si->evtchn_pending;
		d->event.mask = si->evtchn_mask;
		d->event.nr_ports = EVENT_PORTS;
	}
}

void event_domain_init(struct domain *d)
{
	/* A vCPU takes no events before it says so. */
	for (unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++) {
		d->shared_info->vcpu_info[i].evtchn_upcall_mask = 1;
	}
	place_bits(d);
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

/* Who asks for another domain's port, which has to exist, gets none. */
static int check_self(struct domain *d, domid_t domid)
{
	const struct domain *of = domain_of_id(d, domid);

	if (of == d) {
		return 0;
	}
	return of == NULL ? -XEN_ESRCH : -XEN_EPERM;
}

int channel_alloc_unbound(struct domain *d, evtchn_alloc_unbound_t *op)
{
	evtchn_port_t port;
	int rc = check_self(d, op->dom);

	if (rc != 0) {
		return rc;
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

/* The port of r's that waits for d to bind to it, or NULL. */
static struct event_port *channel_waiting(struct domain *r, evtchn_port_t port,
					  const struct domain *d)
{
	struct event_port *p = channel_used(r, port);

	return p != NULL && p->state == EVENT_UNBOUND &&
			       p->remote_domid == d->mmu.domid
		       ? p
		       : NULL;
}

static void channel_join(struct event_port *p, const struct domain *with,
			 evtchn_port_t port)
{
	p->state = EVENT_INTERDOMAIN;
	p->sink = EVENT_SINK_NONE;
	p->remote_domid = with->mmu.domid;
	p->remote_slot = (uint8_t)with->slot;
	p->remote_port = port;
}

int channel_bind_interdomain(struct domain *d, evtchn_bind_interdomain_t *op)
{
	struct domain *r = domain_of_id(d, op->remote_dom);
	struct event_port *remote;
	evtchn_port_t port;

	if (r == NULL) {
		return -XEN_ESRCH;
	}
	port = channel_take(d, EVENT_RESERVED, 0);
	if (port == 0) {
		return -XEN_ENOSPC;
	}
	remote = channel_waiting(r, op->remote_port, d);
	if (remote == NULL) {
		channel_free(d, port);
		return -XEN_EINVAL;
	}
	channel_join(&d->event.port[port], r, op->remote_port);
	channel_join(remote, d, port);
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

/* The domain at the other end of a channel. */
static struct domain *channel_peer(const struct event_port *p)
{
	return domain_at(p->remote_slot);
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
		struct event_port *peer =
			&channel_peer(p)->event.port[p->remote_port];

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
			event_set_pending(channel_peer(p), p->remote_port);
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
	const struct domain *of = domain_of_id(d, op->dom);
	const struct event_port *p;

	if (of == NULL) {
		return -XEN_ESRCH;
	}
	if (!channel_valid(of, op->port)) {
		return -XEN_EINVAL;
	}
	if (of != d) {
		return -XEN_EPERM;
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

#define CLOSED_AT_ONCE 64

int channel_reset(struct domain *d, domid_t domid)
{
	int rc = check_self(d, domid);
	unsigned int closed = 0;

	for (evtchn_port_t port = 1; rc == 0 && port < d->event.nr_valid;
	     port++) {
		if (channel_used(d, port) == NULL) {
			continue;
		}
		rc = channel_close(d, port);
		closed++;
		if (closed % CLOSED_AT_ONCE == 0 && port_preempt(&d->mmu)) {
			return -XEN_ERESTART;
		}
	}
	return rc;
}

void event_domain_end(struct domain *d)
{
	for (evtchn_port_t port = 1; port < d->event.nr_valid; port++) {
		if (channel_used(d, port) != NULL) {
			(void)!channel_close(d, port);
		}
	}
}
