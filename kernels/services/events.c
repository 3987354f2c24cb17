/* SPDX-License-Identifier: MIT */
/* Event channels, and what a vCPU's vcpu_info is. */
#include "kernels/services/services.h"

static volatile struct vcpu_info *info(const struct pv *s)
{
	return &s->shared->vcpu_info[0];
}

static void forget_events(const struct pv *s)
{
	info(s)->evtchn_pending_sel = 0;
	info(s)->evtchn_upcall_pending = 0;
}

static int64_t send(evtchn_port_t port)
{
	evtchn_send_t op = {.port = port};

	return event_op(EVTCHNOP_send, &op);
}

static int64_t close_port(evtchn_port_t port)
{
	evtchn_close_t op = {.port = port};

	return event_op(EVTCHNOP_close, &op);
}

static int64_t status_of(evtchn_port_t port)
{
	evtchn_status_t op = {.dom = DOMID_SELF, .port = port};
	int64_t rc = event_op(EVTCHNOP_status, &op);

	return rc == 0 ? (int64_t)op.status : rc;
}

static void ipis(const struct pv *s)
{
	evtchn_bind_ipi_t ipi = {.vcpu = 0};
	evtchn_unmask_t unmask;

	expect("an IPI port", event_op(EVTCHNOP_bind_ipi, &ipi), 0);
	expect("is one", status_of(ipi.port), EVTCHNSTAT_ipi);
	forget_events(s);
	expect("a send to it", send(ipi.port), 0);
	expect_true("makes it pending", is_pending(s, ipi.port));
	expect_true("selects its word",
		    info(s)->evtchn_pending_sel & 1ul << ipi.port / 64);
	expect("asks for the callback", info(s)->evtchn_upcall_pending, 1);
	expect("which does not come while events are masked",
	       (int64_t)event_count, 0);

	forget_events(s);
	clear_pending(s, ipi.port);
	s->shared->evtchn_mask[ipi.port / 64] |= 1ul << ipi.port % 64;
	expect("a send to it when masked", send(ipi.port), 0);
	expect_true("makes it pending", is_pending(s, ipi.port));
	expect("asks for nothing", info(s)->evtchn_upcall_pending, 0);
	unmask.port = ipi.port;
	expect("unmasking it", event_op(EVTCHNOP_unmask, &unmask), 0);
	expect("asks for the callback then", info(s)->evtchn_upcall_pending, 1);

	/* A hypercall's return is where a pending event is taken. */
	info(s)->evtchn_upcall_mask = 0;
	hypercall(__HYPERVISOR_xen_version, 0, 0, 0, 0, 0);
	expect("which comes once events are not masked", (int64_t)event_count,
	       1);
	expect("and masks them again", info(s)->evtchn_upcall_mask, 1);
	expect("closing it", close_port(ipi.port), 0);
	expect_true("takes its event away", !is_pending(s, ipi.port));
	expect("a send to it when closed", send(ipi.port), -XEN_EINVAL);
}

static void loops(const struct pv *s)
{
	evtchn_alloc_unbound_t unbound = {.dom = DOMID_SELF,
					  .remote_dom = DOMID_SELF};
	evtchn_bind_interdomain_t bind = {.remote_dom = DOMID_SELF};

	expect("an unbound port", event_op(EVTCHNOP_alloc_unbound, &unbound),
	       0);
	expect("is one", status_of(unbound.port), EVTCHNSTAT_unbound);
	expect("a send to it is dropped", send(unbound.port), 0);
	bind.remote_port = 4000;
	expect("binding to a port that is not there",
	       event_op(EVTCHNOP_bind_interdomain, &bind), -XEN_EINVAL);
	bind.remote_port = unbound.port;
	expect("binding to it", event_op(EVTCHNOP_bind_interdomain, &bind), 0);
	expect("joins the ends", status_of(unbound.port),
	       EVTCHNSTAT_interdomain);
	expect_true("and tells the new one", is_pending(s, bind.local_port));
	expect("a send from one end", send(bind.local_port), 0);
	expect_true("reaches the other", is_pending(s, unbound.port));
	expect("binding to it again",
	       event_op(EVTCHNOP_bind_interdomain, &bind), -XEN_EINVAL);
	expect("closing one end", close_port(bind.local_port), 0);
	expect("leaves the other unbound", status_of(unbound.port),
	       EVTCHNSTAT_unbound);
	expect("closing it too", close_port(unbound.port), 0);
	unbound.dom = 99;
	expect("a port for another domain",
	       event_op(EVTCHNOP_alloc_unbound, &unbound), -XEN_ESRCH);
}

static void virqs(void)
{
	struct evtchn_bind_virq virq = {.virq = VIRQ_DEBUG, .vcpu = 0};
	struct evtchn_bind_vcpu vcpu = {.vcpu = 0};

	virq.virq = NR_VIRQS;
	expect("an interrupt that there is not",
	       event_op(EVTCHNOP_bind_virq, &virq), -XEN_EINVAL);
	virq.virq = UINT32_MAX;
	expect("or far beyond", event_op(EVTCHNOP_bind_virq, &virq),
	       -XEN_EINVAL);
	virq.virq = VIRQ_DEBUG;
	expect("a virtual interrupt", event_op(EVTCHNOP_bind_virq, &virq), 0);
	expect("is one", status_of(virq.port), EVTCHNSTAT_virq);
	vcpu.port = virq.port;
	expect("it is bound once only", event_op(EVTCHNOP_bind_virq, &virq),
	       -XEN_EEXIST);
	expect("and stays with its vCPU", event_op(EVTCHNOP_bind_vcpu, &vcpu),
	       -XEN_EINVAL);
	expect("a send to it", send(vcpu.port), -XEN_EINVAL);
	expect("closing it", close_port(vcpu.port), 0);
	expect("lets it be bound again", event_op(EVTCHNOP_bind_virq, &virq),
	       0);
	expect("closing it again", close_port(virq.port), 0);
}

/* Every port there is; then none, and none of them is lost. */
static void all_ports(void)
{
	evtchn_alloc_unbound_t op = {.dom = DOMID_SELF, .remote_dom = 0};
	int64_t rc = 0;
	unsigned int nr = 0;

	while (nr < 5000 && (rc = event_op(EVTCHNOP_alloc_unbound, &op)) == 0) {
		nr++;
	}
	expect("ports end", rc, -XEN_ENOSPC);
	/* Port 0, and those of console and store, are taken. */
	expect("when all are used", nr, 4096 - 3);
	for (evtchn_port_t port = 4095; nr != 0 && port != 0; port--) {
		if (status_of(port) == EVTCHNSTAT_unbound) {
			nr -= close_port(port) == 0;
		}
	}
	expect("all of them can be closed", nr, 0);
	expect("and used again", event_op(EVTCHNOP_alloc_unbound, &op), 0);
	expect("the lowest first", close_port(op.port), 0);
}

void check_events(const struct pv *s)
{
	expect("port 0 is nobody's", send(0), -XEN_EINVAL);
	expect("it cannot be closed", close_port(0), -XEN_EINVAL);
	expect("the console's is bound",
	       status_of(s->start->console.domU.evtchn),
	       EVTCHNSTAT_interdomain);
	expect("and the store's", status_of(s->start->store_evtchn),
	       EVTCHNSTAT_interdomain);
	ipis(s);
	loops(s);
	virqs();
	all_ports();
}
