/* SPDX-License-Identifier: MIT */
/* Between the files of the store: messages that it reads and writes. */
#ifndef PW_EMUL_STORE_MESSAGE_H
#define PW_EMUL_STORE_MESSAGE_H

#include "emul/store.h"
#include "emul/store_view.h"

#include <xen/io/xs_wire.h>

_Static_assert(sizeof(struct xsd_sockmsg) == STORE_HEADER, "wire format");
_Static_assert(STORE_PAYLOAD == XENSTORE_PAYLOAD_MAX, "wire format");
_Static_assert(STORE_ABSOLUTE == XENSTORE_ABS_PATH_MAX, "wire format");
_Static_assert(STORE_RELATIVE == XENSTORE_REL_PATH_MAX, "wire format");

/* One request, in the client's input buffer. */
struct request {
	struct store *s;
	struct store_client *c;
	struct view view;
	struct xsd_sockmsg header;
	const char *payload;
	size_t length;
};

/* A message is begun, filled and finished; there is room for it. */
uint32_t message_begin(struct store_client *c, uint32_t type,
		       const struct xsd_sockmsg *request);
void message_put(struct store_client *c, const void *bytes, size_t n);
void message_finish(struct store_client *c, uint32_t at);
void reply(const struct request *r, const void *bytes, size_t n);
void reply_ok(const struct request *r);
/* Decimal digits with their NUL; the length with it. */
size_t format_number(char ret_digits[24], uint64_t n);

/* Carries it out and answers it. Negative errno: neither. */
int store_request(struct request *r);
/* Those of nodes; -XEN_ENOSYS: it is none of them. */
int store_node_request(struct request *r);

/* What a request has to change: now, or noted in its transaction. */
int change(const struct request *r, const struct store_change *what,
	   const char *path, size_t length, const char *value, size_t size);
struct store_transaction *transaction_find(struct store_client *c, uint32_t id);
/* Its id, or 0: there are too many. */
uint32_t transaction_start(struct store *s, struct store_client *c);
/* 0, or -XEN_EAGAIN: what it had looked at has changed. It is no more. */
int transaction_end(struct store *s, struct store_client *c,
		    struct store_transaction *t, bool commit);
void transaction_drop_all(struct store *s, struct store_client *c);

#endif
