/* SPDX-License-Identifier: MIT */
/* Rings filled to the brim, and lists of the services' own. */
#include "kernels/longest/longest.h"

#include <xen/io/console.h>
#include <xen/io/xs_wire.h>

#define ELEMENTS 123 /* with /local/domain/N/data/ and the last: 128 */
#define TEXT 4096
#define GRANTS 4096

static char text[TEXT];
static char path[5 + 2 * ELEMENTS + 2];
static gnttab_map_grant_ref_t maps[GRANTS];
static struct trap_info traps[256];

static struct xenstore_domain_interface *store;

/* The ring is emptied in both directions. */
static void store_kick(const struct longest *l)
{
	evtchn_send_t send = {.port = l->start->store_evtchn};

	do {
		store->rsp_cons = store->rsp_prod;
		hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send,
			  (uintptr_t)&send, 0, 0, 0);
	} while (store->req_cons != store->req_prod ||
		 store->rsp_cons != store->rsp_prod);
}

static void store_put(const struct longest *l, const void *bytes, uint32_t nr)
{
	const char *p = bytes;

	for (uint32_t i = 0; i < nr; i++) {
		if (store->req_prod - store->req_cons == XENSTORE_RING_SIZE) {
			store_kick(l);
		}
		store->req[store->req_prod++ % XENSTORE_RING_SIZE] = p[i];
	}
}

static void store_request_in(const struct longest *l, uint32_t tx,
			     uint32_t type, const void *body, uint32_t nr)
{
	struct xsd_sockmsg head = {.type = type, .tx_id = tx, .len = nr};

	store_put(l, &head, sizeof(head));
	store_put(l, body, nr);
}

static void store_request(const struct longest *l, uint32_t type,
			  const void *body, uint32_t nr)
{
	store_request_in(l, 0, type, body, nr);
}

/* As many elements as a path may have. */
static uint32_t longest_path(void)
{
	memcpy(path, "data/", sizeof("data/"));
	for (unsigned int i = 0; i < ELEMENTS; i++) {
		path[5 + 2 * i] = 'a';
		path[6 + 2 * i] = '/';
	}
	path[5 + 2 * ELEMENTS] = 'z';
	return sizeof(path);
}

/* A transaction of as many changes as there may be, and all watches hear. */
static void long_transaction(const struct longest *l)
{
	store_request(l, XS_TRANSACTION_START, "", 1);
	for (unsigned int i = 0; i < 32; i++) {
		char change[] = "data/a/b/cAA\0v";

		change[10] = (char)('A' + i / 26);
		change[11] = (char)('A' + i % 26);
		store_request_in(l, 1, XS_WRITE, change, sizeof(change) - 1);
	}
	store_kick(l);
	for (unsigned int i = 0; i < 8; i++) {
		store_request_in(l, 1, XS_DIRECTORY, "data/a/b", 9);
	}
	store_kick(l);
	store_request_in(l, 1, XS_TRANSACTION_END, "T", 2);
	store_kick(l);
	say("a long transaction");
}

static void long_store(const struct longest *l)
{
	const uint32_t nr = longest_path();

	store = va_of(l, l->start->store_mfn);
	store_request(l, XS_WRITE, path, nr);
	store_kick(l);
	say("a path of many elements");
	for (unsigned int i = 0; i < 4; i++) {
		store_request(l, XS_WRITE, path, nr);
		store_request(l, XS_READ, path, nr);
	}
	store_kick(l);
	say("written and read again and again");
	for (unsigned int i = 0; i < 128; i++) {
		char watch[] = "data/a\0AA";

		watch[7] = (char)('A' + i / 26);
		watch[8] = (char)('A' + i % 26);
		store_request(l, XS_WATCH, watch, sizeof(watch));
	}
	store_kick(l);
	say("many watches");
	for (unsigned int i = 0; i < 40; i++) {
		store_request(l, XS_WRITE, "data/a\0v", 8);
	}
	store_kick(l);
	say("many writes with many watches");
	store_request(l, XS_RM, "data/a/a", 9);
	store_kick(l);
	say("all of it removed");
	long_transaction(l);
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
