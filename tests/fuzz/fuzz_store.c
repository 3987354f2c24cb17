/* SPDX-License-Identifier: MIT */
/*
 * The store on any bytes. The input is a list of messages in a short form
 * (type, transaction, payload length, payload), so that mutations stay
 * messages, or, with its first bit set, the raw bytes of the ring. Properties:
 * what comes out is whole messages of known types and lengths; every request
 * is answered once; the trees stay trees.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "emul/store.h"

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

static void take(struct store *s, struct output *o, size_t piece)
{
	size_t n;

	do {
		size_t room = sizeof(o->bytes) - o->length;

		n = store_take(s, o->bytes + o->length,
			       piece < room ? piece : room);
		o->length += n;
		check_output(o);
	} while (n != 0);
}

static void check_tree(const struct store_tree *t)
{
	if (!t->node[0].used) {
		abort();
	}
	for (unsigned int i = 1; i < STORE_NODES; i++) {
		const struct store_node *n = &t->node[i];
		unsigned int up = i;

		if (!n->used) {
			continue;
		}
		if (n->name_length == 0 || n->name_length > STORE_NAME ||
		    n->value_length > STORE_VALUE) {
			abort();
		}
		for (unsigned int k = 0; up != 0; k++) {
			if (k == STORE_NODES || !t->node[up].used) {
				abort();
			}
			up = t->node[up].parent;
		}
	}
}

static void feed_all(struct store *s, struct output *o, const uint8_t *bytes,
		     size_t n, size_t piece)
{
	while (n != 0 && !s->broken) {
		size_t taken = store_feed(s, bytes, n < piece ? n : piece);

		bytes += taken;
		n -= taken;
		take(s, o, piece);
	}
}

static void feed_messages(struct store *s, struct output *o,
			  const uint8_t *data, size_t size, size_t piece)
{
	unsigned int sent = 0;

	while (size >= 3) {
		struct xsd_sockmsg h = {.type = data[0] % 24,
					.req_id = sent,
					.tx_id = data[1],
					.len = data[2]};
		uint8_t message[STORE_HEADER + 255];

		data += 3;
		size -= 3;
		if (h.len > size) {
			h.len = (uint32_t)size;
		}
		memcpy(message, &h, sizeof(h));
		memcpy(message + STORE_HEADER, data, h.len);
		feed_all(s, o, message, STORE_HEADER + h.len, piece);
		data += h.len;
		size -= h.len;
		sent++;
	}
	if (o->length != 0 || o->answers != sent) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct store s;
	struct output o = {.length = 0};
	size_t piece;

	if (size < 1) {
		return 0;
	}
	store_init(&s, 1);
	if (store_set(&s, "control/shutdown", "") != 0) {
		abort();
	}
	piece = (size_t)(data[0] >> 1) + 1;
	if (data[0] & 1) {
		feed_all(&s, &o, data + 1, size - 1, piece);
	} else {
		feed_messages(&s, &o, data + 1, size - 1, piece);
	}
	check_tree(&s.live);
	if (s.transaction != 0) {
		check_tree(&s.draft);
	}
	return 0;
}
