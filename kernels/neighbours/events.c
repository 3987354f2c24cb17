/* SPDX-License-Identifier: MIT */
/* Event channels from one domain to another. */
#include "kernels/neighbours/neighbours.h"

/* The first free port of a domain that has bound none: both know it. */
#define MEETING 3
#define NO_PORT 4095

int64_t close_port(evtchn_port_t port)
{
	evtchn_close_t op = {.port = port};

	return event_op(EVTCHNOP_close, &op);
}

int64_t send(evtchn_port_t port)
{
	evtchn_send_t op = {.port = port};

	return event_op(EVTCHNOP_send, &op);
}

int64_t status_of(domid_t domid, evtchn_port_t port, evtchn_status_t *ret)
{
	evtchn_status_t op = {.dom = domid, .port = port};
	int64_t rc = event_op(EVTCHNOP_status, &op);

	if (ret != NULL) {
		*ret = op;
	}
	return rc == 0 ? (int64_t)op.status : rc;
}

static int64_t offer(domid_t of, domid_t to, evtchn_port_t *ret_port)
{
	evtchn_alloc_unbound_t op = {.dom = of, .remote_dom = to};
	int64_t rc = event_op(EVTCHNOP_alloc_unbound, &op);

	*ret_port = op.port;
	return rc;
}

static int64_t bind_to(domid_t domid, evtchn_port_t remote,
		       evtchn_port_t *ret_port)
{
	evtchn_bind_interdomain_t op = {.remote_dom = domid,
					.remote_port = remote};
	int64_t rc = event_op(EVTCHNOP_bind_interdomain, &op);

	*ret_port = op.local_port;
	return rc;
}

int64_t bind(const struct neighbour *n, evtchn_port_t remote,
	     evtchn_port_t *ret_port)
{
	return bind_to(n->peer, remote, ret_port);
}

void meet(struct neighbour *n)
{
	if (n->first) {
		expect("a port for the other",
		       offer(DOMID_SELF, n->peer, &n->port), 0);
		expect("is the one that it expects", n->port, MEETING);
		/* What is sent before there is another end is dropped. */
		while (status_of(DOMID_SELF, n->port, NULL) !=
		       EVTCHNSTAT_interdomain) {
			yield();
		}
		/* It has cleared what its new channel began with. */
		hear(n);
	} else {
		/* Until the first is there, and has offered it. */
		while (bind(n, MEETING, &n->port) != 0) {
			yield();
		}
		expect_true("a new channel is pending",
			    is_pending(&n->pv, n->port));
		clear_pending(&n->pv, n->port);
		send(n->port);
	}
	step(n);
}

/* What is another's cannot be had, and who asks learns nothing of it. */
static void refusals(const struct neighbour *n)
{
	evtchn_reset_t reset = {.dom = n->peer};
	struct sched_remote_shutdown end = {.domain_id = n->peer};
	evtchn_port_t port = 0;

	expect("a port of the other's", offer(n->peer, n->self, &port),
	       -XEN_EPERM);
	expect("or of nobody's", offer(NOBODY, n->self, &port), -XEN_ESRCH);
	expect("the state of a port of the other's",
	       status_of(n->peer, MEETING, NULL), -XEN_EPERM);
	expect("or of one that it has not", status_of(n->peer, NO_PORT, NULL),
	       -XEN_EINVAL);
	expect("or of nobody's", status_of(NOBODY, MEETING, NULL), -XEN_ESRCH);
	expect("resetting the other", event_op(EVTCHNOP_reset, &reset),
	       -XEN_EPERM);
	reset.dom = NOBODY;
	expect("or nobody", event_op(EVTCHNOP_reset, &reset), -XEN_ESRCH);
	expect("shutting the other down",
	       sched_op(SCHEDOP_remote_shutdown, &end), -XEN_EPERM);
	end.domain_id = NOBODY;
	expect("or nobody", sched_op(SCHEDOP_remote_shutdown, &end),
	       -XEN_ESRCH);
	expect("binding to its console", bind(n, 2, &port), -XEN_EINVAL);
	expect("to a channel that has its ends", bind(n, MEETING, &port),
	       -XEN_EINVAL);
	expect("to no port of its", bind(n, NO_PORT, &port), -XEN_EINVAL);
	expect("to one beyond all ports", bind(n, UINT32_MAX, &port),
	       -XEN_EINVAL);
	expect("to nobody's", bind_to(NOBODY, MEETING, &port), -XEN_ESRCH);
}

/* One that waits for somebody else is no port for us. */
static void offered_to_nobody(const struct neighbour *n)
{
	evtchn_port_t port = MEETING + 1;
	evtchn_port_t mine;

	if (n->first) {
		expect("a port for nobody", offer(DOMID_SELF, NOBODY, &port),
		       0);
		expect("is the next", port, MEETING + 1);
	}
	step(n);
	if (!n->first) {
		expect("a port that waits for another", bind(n, port, &mine),
		       -XEN_EINVAL);
	}
	step(n);
	if (n->first) {
		expect("still waits for it", status_of(DOMID_SELF, port, NULL),
		       EVTCHNSTAT_unbound);
		expect("and is closed", close_port(port), 0);
	}
}

/* Every port that is left; returns how many. */
static unsigned int take_all(void)
{
	evtchn_port_t port;
	unsigned int nr = 0;

	while (offer(DOMID_SELF, NOBODY, &port) == 0) {
		nr++;
	}
	return nr;
}

static unsigned int give_all(void)
{
	unsigned int nr = 0;
	evtchn_status_t s;

	for (evtchn_port_t port = NO_PORT; port != 0; port--) {
		if (status_of(DOMID_SELF, port, &s) == EVTCHNSTAT_unbound &&
		    s.u.unbound.dom == NOBODY && close_port(port) == 0) {
			nr++;
		}
	}
	return nr;
}

/* All ports of one domain are none of another's. */
static void no_port_left(const struct neighbour *n)
{
	evtchn_port_t port = MEETING + 1;
	evtchn_port_t mine;
	unsigned int nr = 0;

	if (n->first) {
		expect("another port for the other",
		       offer(DOMID_SELF, n->peer, &port), 0);
	} else {
		nr = take_all();
		expect_true("thousands of ports", nr > 4000);
	}
	step(n);
	if (!n->first) {
		expect("binding without a port", bind(n, port, &mine),
		       -XEN_ENOSPC);
	}
	step(n);
	if (n->first) {
		expect("leaves the other end as it was",
		       status_of(DOMID_SELF, port, NULL), EVTCHNSTAT_unbound);
		expect("and takes none here", close_port(port), 0);
	} else {
		expect("all are closed", give_all(), nr);
	}
	step(n);
}

/* Either end is closed: the other waits for the same domain again. */
static void either_end_closes(const struct neighbour *n, bool first_closes)
{
	evtchn_port_t port = MEETING + 1;
	const bool i_close = n->first == first_closes;
	evtchn_port_t offered = 0;
	evtchn_status_t s;

	if (n->first) {
		expect("a port", offer(DOMID_SELF, n->peer, &port), 0);
		offered = port;
	}
	step(n);
	if (!n->first) {
		expect("is bound to", bind(n, MEETING + 1, &port), 0);
		clear_pending(&n->pv, port);
		expect("and not twice", bind(n, MEETING + 1, &offered),
		       -XEN_EINVAL);
	}
	step(n);
	expect("the two ends", status_of(DOMID_SELF, port, &s),
	       EVTCHNSTAT_interdomain);
	expect("name each other", s.u.interdomain.dom, n->peer);
	expect("an event", send(port), 0);
	step(n);
	expect_true("arrives", is_pending(&n->pv, port));
	if (i_close) {
		expect("one end is closed", close_port(port), 0);
		expect("and has no event left", is_pending(&n->pv, port), 0);
		expect("nor a use", send(port), -XEN_EINVAL);
	}
	step(n);
	if (!i_close) {
		expect("the other waits again", status_of(DOMID_SELF, port, &s),
		       EVTCHNSTAT_unbound);
		expect("for the same", s.u.unbound.dom, n->peer);
		expect("what is sent is dropped", send(port), 0);
		expect("closing it", close_port(port), 0);
	}
	step(n);
}

/* A loop of one's own is no matter of the other's. */
static void own_loop(const struct neighbour *n)
{
	evtchn_port_t a, b;

	expect("a port for oneself", offer(DOMID_SELF, n->self, &a), 0);
	expect("bound to", bind_to(DOMID_SELF, a, &b), 0);
	clear_pending(&n->pv, b);
	expect("and sent to", send(a), 0);
	expect_true("is heard at its other end", is_pending(&n->pv, b));
	expect("one end", close_port(a), 0);
	expect("and the other", close_port(b), 0);
}

void check_events(struct neighbour *n)
{
	refusals(n);
	step(n);
	offered_to_nobody(n);
	step(n);
	no_port_left(n);
	either_end_closes(n, true);
	either_end_closes(n, false);
	own_loop(n);
	step(n);
}

void check_end(struct neighbour *n)
{
	evtchn_port_t port;
	evtchn_status_t s;

	while (status_of(DOMID_SELF, n->port, &s) == EVTCHNSTAT_interdomain) {
		yield();
	}
	expect("the channel of one that has ended", s.status,
	       EVTCHNSTAT_unbound);
	expect("still says who it was", s.u.unbound.dom, n->peer);
	expect("what is sent to it is dropped", send(n->port), 0);
	expect("there is nobody to bind to", bind(n, MEETING, &port),
	       -XEN_ESRCH);
	expect("nor to offer to", offer(n->peer, n->self, &port), -XEN_ESRCH);
	expect("closing it", close_port(n->port), 0);
}
