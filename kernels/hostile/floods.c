/* SPDX-License-Identifier: MIT */
/* Floods: of events, grants, text, requests to the store, and deadlines. */
#include "kernels/hostile/hostile.h"

#include <xen/io/xs_wire.h>

#define PORTS 512
#define COPIES 256

static uint8_t page[PAGE_SIZE] __attribute__((aligned(4096)));

void flood_events(const struct pv *s)
{
	static evtchn_port_t ports[PORTS];
	evtchn_bind_interdomain_t loop = {.remote_dom = DOMID_SELF};
	evtchn_close_t close;
	unsigned int nr = 0;

	(void)s;
	while (nr < PORTS) {
		evtchn_alloc_unbound_t op = {.dom = DOMID_SELF,
					     .remote_dom = DOMID_SELF};

		if (event_op(EVTCHNOP_alloc_unbound, &op) != 0) {
			break;
		}
		ports[nr++] = op.port;
	}
	loop.remote_port = ports[0];
	event_op(EVTCHNOP_bind_interdomain, &loop);
	for (unsigned int i = 0; i < 4096; i++) {
		evtchn_send_t op = {.port = ports[0]};

		event_op(EVTCHNOP_send, &op);
	}
	close.port = loop.local_port;
	event_op(EVTCHNOP_close, &close);
	while (nr != 0) {
		close.port = ports[--nr];
		event_op(EVTCHNOP_close, &close);
	}
}

/* Copies of whole pages, as many as go into a list. */
void flood_grants(const struct pv *s)
{
	static gnttab_copy_t copies[COPIES];

	for (unsigned int i = 0; i < COPIES; i++) {
		copies[i] = (gnttab_copy_t){
			.source = {.u.gmfn = mfn_at(s, page),
				   .domid = DOMID_SELF},
			.dest = {.u.gmfn = s->p2m[1024 + i],
				 .domid = DOMID_SELF},
			.len = PAGE_SIZE,
		};
	}
	for (unsigned int i = 0; i < 16; i++) {
		hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_copy,
			  (uintptr_t)copies, COPIES, 0, 0);
	}
}

/* Lines of no sense, without an end. */
void flood_console(const struct pv *s)
{
	static char text[PAGE_SIZE];

	(void)s;
	memset(text, '.', sizeof(text));
	for (unsigned int i = 79; i < sizeof(text); i += 80) {
		text[i] = '\n';
	}
	for (unsigned int i = 0; i < 4; i++) {
		hypercall(__HYPERVISOR_console_io, CONSOLEIO_write,
			  sizeof(text), (uintptr_t)text, 0, 0);
	}
}

static void ask(const struct pv *s, uint32_t type, const char *payload,
		uint32_t length)
{
	volatile struct xenstore_domain_interface *r =
		va_of(s, s->start->store_mfn);
	const struct xsd_sockmsg h = {.type = type, .len = length};
	const char *parts[] = {(const char *)&h, payload};
	const uint32_t sizes[] = {sizeof(h), length};
	evtchn_send_t op = {.port = s->start->store_evtchn};

	for (unsigned int p = 0; p < 2; p++) {
		for (uint32_t i = 0; i < sizes[p]; i++) {
			r->req[MASK_XENSTORE_IDX(r->req_prod + i)] =
				parts[p][i];
		}
		__atomic_store_n(&r->req_prod, r->req_prod + sizes[p],
				 __ATOMIC_RELEASE);
	}
	/* Answers are of no interest. */
	do {
		r->rsp_cons = r->rsp_prod;
		event_op(EVTCHNOP_send, &op);
	} while (r->req_cons != r->req_prod);
}

/* Watches on what changes all the time, in a tree that is made and removed. */
void flood_store(const struct pv *s)
{
	for (unsigned int i = 0; i < 128; i++) {
		char watch[] = "data/a\0AA";

		watch[7] = (char)('A' + i / 16);
		watch[8] = (char)('A' + i % 16);
		ask(s, XS_WATCH, watch, sizeof(watch));
	}
	for (unsigned int i = 0; i < 128; i++) {
		ask(s, XS_WRITE, "data/a/b/c/d/e/f/g\0value", 24);
		ask(s, XS_RM, "data/a", 7);
		ask(s, XS_TRANSACTION_START, "", 1);
	}
	ask(s, XS_RESET_WATCHES, "", 1);
}

/* Deadlines that have passed, and the shortest tick. */
void set_timers(const struct pv *s)
{
	struct vcpu_set_periodic_timer tick = {.period_ns = 1000000};

	(void)s;
	vcpu_op(VCPUOP_set_periodic_timer, &tick);
	for (unsigned int i = 0; i < 20000; i++) {
		hypercall(__HYPERVISOR_set_timer_op, 1, 0, 0, 0, 0);
	}
	vcpu_op(VCPUOP_stop_periodic_timer, NULL);
}
