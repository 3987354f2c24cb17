/* SPDX-License-Identifier: MIT */
/* The console's ring and the store's: used well, then badly. */
#include "kernels/services/services.h"

#include <xen/io/console.h>
#include <xen/io/xs_wire.h>

static int64_t kick(evtchn_port_t port)
{
	evtchn_send_t op = {.port = port};

	return event_op(EVTCHNOP_send, &op);
}

static void print(volatile struct xencons_interface *ring, const char *text)
{
	uint32_t prod = ring->out_prod;

	for (; *text != '\0'; text++) {
		ring->out[prod++ % sizeof(ring->out)] = *text;
	}
	__asm__ volatile("" : : : "memory");
	ring->out_prod = prod;
}

static void console(const struct pv *s)
{
	evtchn_port_t port = s->start->console.domU.evtchn;
	volatile struct xencons_interface *ring =
		va_of(s, s->start->console.domU.mfn);

	print(ring, "# a line by the ring\n");
	expect("telling the console", kick(port), 0);
	expect("empties its ring", (int64_t)(ring->out_prod - ring->out_cons),
	       0);
	ring->out_prod += 1000000;
	expect("an index that makes no sense", kick(port), 0);
	ring->in_cons = ring->in_prod + 77;
	expect("in the other direction", kick(port), 0);
	ring->in_cons = ring->in_prod;
	print(ring, "# and another after that\n");
	expect("does no harm", kick(port), 0);
	expect("to what comes then", (int64_t)(ring->out_prod - ring->out_cons),
	       0);
}

static void put_request(volatile struct xenstore_domain_interface *ring,
			const void *bytes, uint32_t n)
{
	uint32_t prod = ring->req_prod;

	for (uint32_t i = 0; i < n; i++) {
		ring->req[MASK_XENSTORE_IDX(prod + i)] =
			((const char *)bytes)[i];
	}
	__asm__ volatile("" : : : "memory");
	ring->req_prod = prod + n;
}

static uint32_t get_answer(volatile struct xenstore_domain_interface *ring,
			   void *bytes, uint32_t room)
{
	uint32_t cons = ring->rsp_cons;
	uint32_t n = ring->rsp_prod - cons;

	for (uint32_t i = 0; i < n && i < room; i++) {
		((char *)bytes)[i] = ring->rsp[MASK_XENSTORE_IDX(cons + i)];
	}
	ring->rsp_cons = cons + n;
	return n;
}

static void store(const struct pv *s)
{
	evtchn_port_t port = s->start->store_evtchn;
	volatile struct xenstore_domain_interface *ring =
		va_of(s, s->start->store_mfn);
	static struct xsd_sockmsg header = {.type = XS_READ,
					    .req_id = 5,
					    .len = 6};
	struct {
		struct xsd_sockmsg header;
		char value[64];
	} answer = {.value = ""};

	/* Header and payload one after the other, as Linux does. */
	clear_pending(s, port);
	put_request(ring, &header, sizeof(header));
	expect("half a request", kick(port), 0);
	expect("is taken", (int64_t)(ring->req_prod - ring->req_cons), 0);
	expect_true("and that is told", is_pending(s, port));
	put_request(ring, "domid", 6);
	expect("the other half", kick(port), 0);
	expect_true("brings the answer",
		    get_answer(ring, &answer, sizeof(answer)) > 16);
	expect("to the question", answer.header.req_id, 5);
	expect("which is a value", answer.header.type, XS_READ);
	expect_true("of digits",
		    answer.value[0] >= '0' && answer.value[0] <= '9');

	header.type = XS_DIRECTORY;
	header.len = 7;
	put_request(ring, &header, sizeof(header));
	put_request(ring, "nosuch", 7);
	expect("a directory that there is not", kick(port), 0);
	get_answer(ring, &answer, sizeof(answer));
	expect("is an error", answer.header.type, XS_ERROR);

	ring->req_prod += 5000;
	expect("an index that makes no sense", kick(port), 0);
	expect("is called so", ring->error, XENSTORE_ERROR_RINGIDX);
	expect("and ends the conversation", kick(port), 0);
}

void check_rings(const struct pv *s)
{
	console(s);
	store(s);
}
