/* SPDX-License-Identifier: MIT */
/*
 * The store between the two: each reads what the other lets it read, hears of
 * it when it changes, and can do nothing to the rest.
 */
#include "kernels/neighbours/neighbours.h"

#include <xen/io/xs_wire.h>

#include "abi/text.h"

#define NODES 1000
#define TRANSACTIONS 10

/* The last answer, and the last event: a header's type and what follows. */
static char answer[XENSTORE_PAYLOAD_MAX];
static uint32_t answer_length;
static char heard[XENSTORE_PAYLOAD_MAX];
static unsigned int nr_heard;

static volatile struct xenstore_domain_interface *ring(
	const struct neighbour *n)
{
	return va_of(&n->pv, n->pv.start->store_mfn);
}

static void put(volatile struct xenstore_domain_interface *r, const char *bytes,
		uint32_t nr)
{
	uint32_t prod = r->req_prod;

	for (uint32_t i = 0; i < nr; i++) {
		r->req[MASK_XENSTORE_IDX(prod + i)] = bytes[i];
	}
	__atomic_store_n(&r->req_prod, prod + nr, __ATOMIC_RELEASE);
}

static void get(const struct neighbour *n, void *bytes, uint32_t nr)
{
	volatile struct xenstore_domain_interface *r = ring(n);

	for (uint32_t i = 0; i < nr; i++) {
		while (r->rsp_cons == r->rsp_prod) {
			send(n->pv.start->store_evtchn);
		}
		((char *)bytes)[i] = r->rsp[MASK_XENSTORE_IDX(r->rsp_cons)];
		r->rsp_cons++;
	}
}

/* One message; its type. */
static uint32_t take(const struct neighbour *n)
{
	struct xsd_sockmsg h;
	char *to;

	get(n, &h, sizeof(h));
	to = h.type == XS_WATCH_EVENT ? heard : answer;
	get(n, to, h.len);
	if (h.type == XS_WATCH_EVENT) {
		nr_heard++;
	} else {
		answer_length = h.len;
	}
	return h.type;
}

/* Asks, and is answered: the type of the answer. */
static uint32_t ask(const struct neighbour *n, uint32_t type, uint32_t tx,
		    const char *payload, size_t length)
{
	const struct xsd_sockmsg h = {.type = type,
				      .tx_id = tx,
				      .len = (uint32_t)length};
	uint32_t got;

	put(ring(n), (const char *)&h, sizeof(h));
	put(ring(n), payload, h.len);
	send(n->pv.start->store_evtchn);
	do {
		got = take(n);
	} while (got == XS_WATCH_EVENT);
	return got;
}

static bool is(const char *text)
{
	size_t i = 0;

	while (text[i] != '\0' && text[i] == answer[i]) {
		i++;
	}
	return text[i] == '\0';
}

/* Of a node of a domain's, with a value of so many bytes. */
static uint32_t ask_of(const struct neighbour *n, uint32_t type, domid_t domid,
		       const char *rest, const char *value, size_t size)
{
	char payload[128];
	struct text t = text_in(payload, sizeof(payload));

	text_format(&t, "/local/domain/%u%s", (unsigned int)domid, rest);
	t.used++;
	memcpy(payload + t.used, value, size);
	return ask(n, type, 0, payload, t.used + size);
}

static void expect_refused(const struct neighbour *n, const char *what,
			   uint32_t type, domid_t domid, const char *rest,
			   const char *error)
{
	expect(what, ask_of(n, type, domid, rest, "x", 1), XS_ERROR);
	expect_true("for this reason", is(error));
}

static void others_nodes(const struct neighbour *n)
{
	/* Who has rights over the other has them in the store, too. */
	if (n->rules) {
		expect("the other's name",
		       ask_of(n, XS_READ, n->peer, "/data", "", 0), XS_READ);
	} else {
		expect_refused(n, "the other's name", XS_READ, n->peer, "/name",
			       "EACCES");
		expect_refused(n, "writing the other's", XS_WRITE, n->peer,
			       "/data", "EACCES");
		expect_refused(n, "removing the other's", XS_RM, n->peer,
			       "/data", "EACCES");
	}
	expect_refused(n, "something of nobody's", XS_READ, NOBODY, "/name",
		       "EACCES");
	expect_refused(n, "one's own directory", XS_RM, n->self, "", "EACCES");
	expect_refused(n, "one's own name", XS_WRITE, n->self, "/name",
		       "EACCES");
	expect("all domains", ask(n, XS_DIRECTORY, 0, "/local/domain", 14),
	       XS_ERROR);
	expect("making a domain known",
	       ask(n, XS_INTRODUCE, 0, "1\0002\0003", 6), XS_ERROR);
	expect_true("is the toolstack's", is("EACCES"));
}

static size_t reader(char to[16], domid_t owner, domid_t other)
{
	struct text t = text_in(to, 16);

	text_format(&t, "n%u", (unsigned int)owner);
	t.used++;
	to[t.used++] = 'r';
	text_decimal(&t, other);
	return t.used + 1;
}

/* Each lets the other read one node. */
static void offered(const struct neighbour *n)
{
	char perms[16];
	const size_t size = reader(perms, n->self, n->peer);

	expect("a value", ask_of(n, XS_WRITE, n->self, "/data/shown", "one", 3),
	       XS_WRITE);
	expect("for the other to read",
	       ask_of(n, XS_SET_PERMS, n->self, "/data/shown", perms, size),
	       XS_SET_PERMS);
	step(n);
	expect("the other's value",
	       ask_of(n, XS_READ, n->peer, "/data/shown", "", 0), XS_READ);
	expect_true("is read", answer_length == 3 && is("one"));
	expect_refused(n, "what is not there", XS_READ, NOBODY, "/data/shown",
		       "EACCES");
	nr_heard = 0;
	expect("a watch", ask_of(n, XS_WATCH, n->peer, "/data/shown", "t", 2),
	       XS_WATCH);
	while (nr_heard == 0) {
		take(n);
	}
	step(n);
	expect("another value",
	       ask_of(n, XS_WRITE, n->self, "/data/shown", "two", 3), XS_WRITE);
	expect("what is not shown",
	       ask_of(n, XS_WRITE, n->self, "/data/hidden", "x", 1), XS_WRITE);
	step(n);
	while (nr_heard == 1) {
		take(n);
	}
	expect("the other's new value",
	       ask_of(n, XS_READ, n->peer, "/data/shown", "", 0), XS_READ);
	expect_true("is read, too", is("two"));
	expect("one event, and no more", nr_heard, 2);
	step(n);
}

/* What one has used up is its own. */
static unsigned int take_nodes(const struct neighbour *n)
{
	char rest[32];
	unsigned int nr = 0;

	for (;;) {
		struct text t = text_in(rest, sizeof(rest));

		text_format(&t, "/data/%u/%u", nr / 50, nr % 50);
		if (ask_of(n, XS_MKDIR, n->self, rest, "", 0) != XS_MKDIR) {
			return nr;
		}
		nr++;
	}
}

static void limits(const struct neighbour *n)
{
	unsigned int nr;

	if (!n->first) {
		nr = take_nodes(n);
		expect_true("nodes end", is("ENOSPC"));
		expect_true("when there are many", nr > 900 && nr < NODES);
		nr = 0;
		while (ask(n, XS_TRANSACTION_START, 0, "", 1) ==
		       XS_TRANSACTION_START) {
			nr++;
		}
		expect_true("transactions, too", is("ENOSPC"));
		expect("when so many are open", nr, TRANSACTIONS);
	}
	step(n);
	if (n->first) {
		expect("the other has what it needs",
		       ask_of(n, XS_MKDIR, n->self, "/data/more", "", 0),
		       XS_MKDIR);
		expect("of each kind", ask(n, XS_TRANSACTION_START, 0, "", 1),
		       XS_TRANSACTION_START);
	}
	step(n);
}

void check_store(struct neighbour *n)
{
	others_nodes(n);
	step(n);
	offered(n);
	limits(n);
}

void check_store_end(struct neighbour *n)
{
	char peer[16];
	struct text t = text_in(peer, sizeof(peer));
	const unsigned int before = nr_heard;

	text_decimal(&t, n->peer);
	while (nr_heard == before) {
		take(n);
	}
	expect_refused(n, "a dead domain's node", XS_READ, n->peer,
		       "/data/shown", "EACCES");
	expect("and so is it",
	       ask(n, XS_IS_DOMAIN_INTRODUCED, 0, peer, t.used + 1),
	       XS_IS_DOMAIN_INTRODUCED);
	expect_true("the store says", is("F"));
}
