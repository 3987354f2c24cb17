/* SPDX-License-Identifier: MIT */
/*
 * The store on any bytes. The input is a list of messages in a short form
 * (type, transaction, payload length, payload), so that mutations stay
 * messages, or, with its first bit set, the raw bytes of the ring. Properties:
 * what comes out is whole messages of known types and lengths; every request
 * is answered once; the tree stays a tree, each of the two domains pays for
 * just what it has, and takes all of it along when it goes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "emul/store_string.h"
#include "emul/store_tree.h"
#include "emul/store_message.h"

#include <xen/io/xs_wire.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct output {
	uint8_t bytes[STORE_OUT];
	size_t length;
	unsigned int answers;
};

/* Whole messages at the front of what has come out. */
static void check_output(struct output *o)
{
	size_t at = 0;

	while (o->length - at >= STORE_HEADER) {
		struct xsd_sockmsg h;

		memcpy(&h, o->bytes + at, sizeof(h));
		if (h.len > STORE_PAYLOAD || h.type > XS_DIRECTORY_PART) {
			abort();
		}
		if (o->length - at < STORE_HEADER + h.len) {
			break;
		}
		o->answers += h.type != XS_WATCH_EVENT;
		at += STORE_HEADER + h.len;
	}
	memmove(o->bytes, o->bytes + at, o->length - at);
	o->length -= at;
}

struct machine {
	struct store store;
	struct store_client client[2];
	struct output out[2];
};

static void take(struct machine *m, unsigned int who, size_t piece)
{
	struct output *o = &m->out[who];
	size_t n;

	do {
		size_t room = sizeof(o->bytes) - o->length;

		n = store_take(&m->store, &m->client[who], o->bytes + o->length,
			       piece < room ? piece : room);
		o->length += n;
		check_output(o);
	} while (n != 0);
}

static size_t string_pieces_of(const struct store_string *s, uint8_t payer)
{
	return s->payer == payer ? string_pieces(s->length) : 0;
}

/* Every node leads to the root; what each client has is what it pays for. */
static void check_client(const struct store *s, const struct store_client *c)
{
	unsigned int nodes = 0;
	size_t pieces = 0;

	for (unsigned int k = 0; k < STORE_CLIENTS; k++) {
		const struct store_client *o = s->client[k];

		for (unsigned int i = 0; o != NULL && i < STORE_NODES; i++) {
			const struct store_node *n = &o->node[i];
			uint16_t up = n->parent;

			if (!n->used) {
				continue;
			}
			nodes += o == c;
			pieces += string_pieces_of(&n->name, c->number);
			pieces += string_pieces_of(&n->value, c->number);
			for (unsigned int d = 0; up != STORE_ROOT; d++) {
				if (d > STORE_ABSOLUTE ||
				    !tree_node(s, up)->used) {
					abort();
				}
				up = tree_node(s, up)->parent;
			}
		}
	}
	for (unsigned int i = 0; i < STORE_WATCHES; i++) {
		if (c->watch[i].used) {
			pieces += string_pieces(c->watch[i].path.length);
			pieces += string_pieces(c->watch[i].token.length);
		}
	}
	if (nodes != c->nr_nodes || pieces != c->nr_pieces) {
		abort();
	}
}

static void feed_all(struct machine *m, unsigned int who, const uint8_t *bytes,
		     size_t n, size_t piece)
{
	while (n != 0 && !m->client[who].broken) {
		size_t taken = store_feed(&m->store, &m->client[who], bytes,
					  n < piece ? n : piece);

		bytes += taken;
		n -= taken;
		take(m, who, piece);
	}
}

static void feed_messages(struct machine *m, const uint8_t *data, size_t size,
			  size_t piece)
{
	unsigned int sent[2] = {0, 0};

	while (size >= 3) {
		const unsigned int who = data[1] >> 7;
		struct xsd_sockmsg h = {.type = data[0] % 24,
					.req_id = sent[who],
					.tx_id = data[1] & 0x7f,
					.len = data[2]};
		uint8_t message[STORE_HEADER + 255];

		data += 3;
		size -= 3;
		if (h.len > size) {
			h.len = (uint32_t)size;
		}
		memcpy(message, &h, sizeof(h));
		memcpy(message + STORE_HEADER, data, h.len);
		feed_all(m, who, message, STORE_HEADER + h.len, piece);
		data += h.len;
		size -= h.len;
		sent[who]++;
	}
	for (unsigned int who = 0; who < 2; who++) {
		take(m, who, piece);
		if (m->out[who].length != 0 ||
		    m->out[who].answers != sent[who]) {
			abort();
		}
	}
}

/* All that a domain had goes with it. */
static void leave(struct machine *m, unsigned int who)
{
	while (store_leave(&m->store, &m->client[who])) {
	}
	if (m->client[who].nr_nodes != 0 || m->client[who].nr_pieces != 0) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct machine m;
	size_t piece;

	if (size < 1) {
		return 0;
	}
	memset(&m, 0, sizeof(m));
	store_init(&m.store);
	for (unsigned int who = 0; who < 2; who++) {
		m.client[who].domid = (uint16_t)(who + 1);
		store_join(&m.store, &m.client[who], who + 1);
		if (store_set(&m.store, &m.client[who], "data", "",
			      STORE_TO_WRITE) != 0) {
			abort();
		}
	}
	piece = (size_t)(data[0] >> 1) + 1;
	if (data[0] & 1) {
		feed_all(&m, 0, data + 1, size - 1, piece);
	} else {
		feed_messages(&m, data + 1, size - 1, piece);
	}
	for (unsigned int who = 0; who < 2; who++) {
		/* What is open has its own reserve, and what waits its room. */
		transaction_drop_all(&m.store, &m.client[who]);
		take(&m, who, piece);
		check_client(&m.store, &m.client[who]);
	}
	leave(&m, 1);
	check_client(&m.store, &m.client[0]);
	leave(&m, 0);
	check_client(&m.store, &m.store.own);
	return 0;
}
