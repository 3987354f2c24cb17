/* SPDX-License-Identifier: MIT */
/*
 * The store: messages in, answers and events out.
 *
 * A client's next request is read only when the answer before it, or the event,
 * has been taken, so the output buffer is empty then, and it holds the largest
 * message. Events wait by themselves (store_watch.c), and become messages one
 * by one. So nothing that a client sends, or leaves unread, makes anything here
 * grow, nor keeps another waiting.
 */
#include "emul/store.h"

#include "abi/text.h"
#include "abi/xen.h"
#include "emul/store_message.h"
#include "emul/store_string.h"
#include "emul/store_watch.h"

static const struct {
	int err;
	const char *name;
} error_names[] = {
	{XEN_EINVAL, "EINVAL"}, {XEN_EACCES, "EACCES"}, {XEN_EEXIST, "EEXIST"},
	{XEN_ENOENT, "ENOENT"}, {XEN_ENOSPC, "ENOSPC"}, {XEN_ENOSYS, "ENOSYS"},
	{XEN_EAGAIN, "EAGAIN"}, {XEN_E2BIG, "E2BIG"},   {XEN_ENOMEM, "ENOMEM"},
	{XEN_EBUSY, "EBUSY"},   {XEN_EPERM, "EPERM"},
};

void message_put(struct store_client *c, const void *bytes, size_t n)
{
	if (n > STORE_OUT - c->out_length) {
		n = STORE_OUT - c->out_length; /* by sizing, never */
	}
	if (n != 0) {
		__builtin_memcpy(c->out + c->out_length, bytes, n);
		c->out_length += (uint32_t)n;
	}
}

uint32_t message_begin(struct store_client *c, uint32_t type,
		       const struct xsd_sockmsg *request)
{
	struct xsd_sockmsg header = {.type = type};
	uint32_t at = c->out_length;

	if (request != NULL) {
		header.req_id = request->req_id;
		header.tx_id = request->tx_id;
	}
	message_put(c, &header, sizeof(header));
	return at;
}

void message_finish(struct store_client *c, uint32_t at)
{
	uint32_t length = c->out_length - at - STORE_HEADER;

	__builtin_memcpy(c->out + at + offsetof(struct xsd_sockmsg, len),
			 &length, sizeof(length));
}

static void answer_with(const struct request *r, uint32_t type,
			const void *bytes, size_t n)
{
	uint32_t at = message_begin(r->c, type, &r->header);

	message_put(r->c, bytes, n);
	message_finish(r->c, at);
}

void reply(const struct request *r, const void *bytes, size_t n)
{
	answer_with(r, r->header.type, bytes, n);
}

void reply_ok(const struct request *r)
{
	reply(r, "OK", 3);
}

static void reply_error(const struct request *r, int rc)
{
	const char *name = "EINVAL";

	for (size_t i = 0; i < sizeof(error_names) / sizeof(error_names[0]);
	     i++) {
		if (error_names[i].err == -rc) {
			name = error_names[i].name;
		}
	}
	answer_with(r, XS_ERROR, name, string_length(name) + 1);
}

size_t format_number(char ret_digits[24], uint64_t n)
{
	struct text t = text_in(ret_digits, 24);

	text_decimal(&t, n);
	return t.used + 1;
}

static void answer(struct store *s, struct store_client *c)
{
	struct request r = {
		.s = s,
		.c = c,
		.payload = (const char *)c->in + STORE_HEADER,
	};
	int rc;

	__builtin_memcpy(&r.header, c->in, sizeof(r.header));
	r.length = r.header.len;
	c->in_length = 0;
	rc = store_request(&r);
	if (rc != 0) {
		reply_error(&r, rc);
	}
}

/* Bytes that the message being read still lacks. */
static size_t lacking(const struct store_client *c)
{
	uint32_t length;

	if (c->in_length < STORE_HEADER) {
		return STORE_HEADER - c->in_length;
	}
	__builtin_memcpy(&length, c->in + offsetof(struct xsd_sockmsg, len),
			 sizeof(length));
	return STORE_HEADER + (size_t)length - c->in_length;
}

size_t store_feed(struct store *s, struct store_client *c, const uint8_t *bytes,
		  size_t n)
{
	size_t taken = 0;

	while (taken < n && c->out_length == 0 && !c->broken) {
		size_t piece = lacking(c);

		piece = piece < n - taken ? piece : n - taken;
		__builtin_memcpy(c->in + c->in_length, bytes + taken, piece);
		c->in_length += (uint32_t)piece;
		taken += piece;
		if (c->in_length < STORE_HEADER) {
			continue;
		}
		if (lacking(c) > STORE_PAYLOAD) {
			c->broken = true;
		} else if (lacking(c) == 0) {
			answer(s, c);
		}
	}
	return taken;
}

bool store_has_output(const struct store_client *c)
{
	return c->out_length != 0 || c->nr_events != 0 || c->nr_owed != 0;
}

size_t store_take(struct store *s, struct store_client *c, uint8_t *bytes,
		  size_t n)
{
	size_t there;

	/* One that is not told after all leaves the buffer empty. */
	while (n != 0 && c->out_length == 0 && watch_tell(s, c)) {
	}
	there = c->out_length - c->out_taken;
	n = n < there ? n : there;
	if (n != 0) {
		__builtin_memcpy(bytes, c->out + c->out_taken, n);
		c->out_taken += (uint32_t)n;
	}
	if (c->out_taken == c->out_length) {
		c->out_taken = 0;
		c->out_length = 0;
	}
	return n;
}
