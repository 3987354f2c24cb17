/* SPDX-License-Identifier: MIT */
/* Rings filled to the brim, and lists of the services' own. */
#include "kernels/longest/longest.h"

#include <xen/io/console.h>
#include <xen/io/xs_wire.h>

#define ELEMENTS 110
#define TEXT 4096
#define GRANTS 4096

static char text[TEXT];
static char path[2 * ELEMENTS + 2];
static gnttab_map_grant_ref_t maps[GRANTS];
static struct trap_info traps[256];

static struct xenstore_domain_interface *store;

static void store_put(const void *bytes, uint32_t nr)
{
	const char *p = bytes;

	for (uint32_t i = 0; i < nr; i++) {
		store->req[store->req_prod++ % XENSTORE_RING_SIZE] = p[i];
	}
}

static void store_request(uint32_t type, const void *body, uint32_t nr)
{
	struct xsd_sockmsg head = {.type = type, .len = nr};
	char bytes[sizeof(head)];

	__builtin_memcpy(bytes, &head, sizeof(head));
	store_put(bytes, sizeof(bytes));
	store_put(body, nr);
}

static void store_kick(const struct longest *l, const char *what)
{
	evtchn_send_t send = {.port = l->start->store_evtchn};

	do {
		store->rsp_cons = store->rsp_prod;
		hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send,
			  (uintptr_t)&send, 0, 0, 0);
	} while (store->req_cons != store->req_prod);
	say("%s", what);
}

static void long_store(const struct longest *l)
{
	uint32_t nr = 2 * ELEMENTS + 2;

	store = va_of(l, l->start->store_mfn);
	for (unsigned int i = 0; i < ELEMENTS; i++) {
		path[2 * i] = 'a';
		path[2 * i + 1] = '/';
	}
	path[2 * ELEMENTS] = 'z';
	store_request(XS_WRITE, path, nr);
	store_kick(l, "a path of many elements");
	for (unsigned int i = 0; i < 4; i++) {
		store_request(XS_WRITE, path, nr);
	}
	store_kick(l, "written again and again");
	for (unsigned int i = 0; i < 4; i++) {
		store_request(XS_READ, path, nr);
	}
	store_kick(l, "and read");
	for (unsigned int i = 0; i < 30; i++) {
		char watch[4] = {'a', 0, (char)('A' + i), 0};

		store_request(XS_WATCH, watch, sizeof(watch));
	}
	store_kick(l, "many watches");
	for (unsigned int i = 0; i < 40; i++) {
		store_request(XS_WRITE, "a\0v", 3);
	}
	store_kick(l, "many writes with many watches");
	store_request(XS_RM, "a", 2);
	store_kick(l, "all of it removed");
}

static void long_console(const struct longest *l)
{
	struct xencons_interface *ring = va_of(l, l->start->console.domU.mfn);
	evtchn_send_t send = {.port = l->start->console.domU.evtchn};

	memset(text, '.', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\n';
	for (unsigned int i = 0; i < 4; i++) {
		must("much text",
		     hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, TEXT,
			       (uintptr_t)text, 0, 0),
		     0);
	}
	ring->out_prod = ring->out_cons + sizeof(ring->out);
	must("a full ring",
	     hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send,
		       (uintptr_t)&send, 0, 0, 0),
	     0);
}

void long_services(const struct longest *l)
{
	long_console(l);
	long_store(l);
	for (unsigned int i = 0; i < GRANTS; i++) {
		maps[i].ref = 100000;
		maps[i].dom = DOMID_SELF;
	}
	must("many grants",
	     hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref,
		       (uintptr_t)maps, GRANTS, 0, 0),
	     0);
	for (unsigned int i = 0; i < 255; i++) {
		traps[i].vector = (uint8_t)i;
		traps[i].address = 0x1000;
	}
	must("many traps",
	     hypercall(__HYPERVISOR_set_trap_table, (uintptr_t)traps, 0, 0, 0,
		       0),
	     0);
}
