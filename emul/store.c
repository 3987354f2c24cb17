/* SPDX-License-Identifier: MIT */
/*
 * The store: messages in, answers and events out.
 *
 * One request at a time: it is read only when every answer and event that came
 * before has been taken, so the output buffer is empty then, and it is sized
 * for the largest reply with an event for each watch behind it. Changes that
 * watches have to hear of are queued as paths and become events one by one, as
 * room allows, before the next request is looked at. So nothing that a guest
 * sends, or leaves unread, makes anything here grow.
 */
#include "emul/store_message.h"

#include "abi/text.h"
#include "abi/xen.h"

size_t store_length(const char *string)
{
	size_t length = 0;

	while (string[length] != '\0') {
		length++;
	}
	return length;
}

static const struct {
	int err;
	const char *name;
} error_names[] = {
	{XEN_EINVAL, "EINVAL"}, {XEN_EACCES, "EACCES"}, {XEN_EEXIST, "EEXIST"},
	{XEN_ENOENT, "ENOENT"}, {XEN_ENOSPC, "ENOSPC"}, {XEN_ENOSYS, "ENOSYS"},
	{XEN_EAGAIN, "EAGAIN"}, {XEN_E2BIG, "E2BIG"},
};

void store_put_bytes(struct store *s, const void *bytes, size_t n)
{
	if (n > STORE_OUT - s->out_length) {
		n = STORE_OUT - s->out_length; /* by sizing, never */
	}
	if (n != 0) {
		__builtin_memcpy(s->out + s->out_length, bytes, n);
		s->out_length += (uint32_t)n;
	}
}

static void put_string(struct store *s, const char *string)
{
	store_put_bytes(s, string, store_length(string) + 1);
}

/* Begins a message; store_finish_message() fills in its length. */
uint32_t store_begin_message(struct store *s, uint32_t type,
			     const struct xsd_sockmsg *request)
{
	struct xsd_sockmsg header = {.type = type};
	uint32_t at = s->out_length;

	if (request != NULL) {
		header.req_id = request->req_id;
		header.tx_id = request->tx_id;
	}
	store_put_bytes(s, &header, sizeof(header));
	return at;
}

void store_finish_message(struct store *s, uint32_t at)
{
	uint32_t length = s->out_length - at - STORE_HEADER;

	__builtin_memcpy(s->out + at + offsetof(struct xsd_sockmsg, len),
			 &length, sizeof(length));
}

void store_reply(struct store *s, const struct store_message *r,
		 const void *bytes, size_t n)
{
	uint32_t at = store_begin_message(s, r->header.type, &r->header);

	store_put_bytes(s, bytes, n);
	store_finish_message(s, at);
}

static void reply_error(struct store *s, const struct store_message *r, int rc)
{
	const char *name = "EINVAL";
	uint32_t at = store_begin_message(s, XS_ERROR, &r->header);

	for (size_t i = 0; i < sizeof(error_names) / sizeof(error_names[0]);
	     i++) {
		if (error_names[i].err == -rc) {
			name = error_names[i].name;
		}
	}
	put_string(s, name);
	store_finish_message(s, at);
}

/* Decimal digits with their NUL; returns the length without it. */
size_t store_format_number(char ret_digits[12], uint32_t n)
{
	struct text t = text_in(ret_digits, 12);

	text_decimal(&t, n);
	return t.used;
}

void store_note_change(struct store_change *list, unsigned int *nr,
		       const char *path, bool removed)
{
	struct store_change *c = &list[*nr];

	c->removed = removed;
	__builtin_memcpy(c->path, path, store_length(path) + 1);
	(*nr)++;
}

/* Is there room to note one more change of this tree? */
bool store_may_change(const struct store *s, const struct store_tree *t)
{
	return (t == &s->draft ? s->nr_changes : s->nr_news) < STORE_CHANGES;
}

void store_changed(struct store *s, const struct store_tree *t,
		   const char *path, bool removed)
{
	if (t == &s->draft) {
		store_note_change(s->change, &s->nr_changes, path, removed);
	} else {
		store_note_change(s->news, &s->nr_news, path, removed);
	}
}

void store_put_event(struct store *s, const struct store_watch *w,
		     const char *path)
{
	uint32_t at = store_begin_message(s, XS_WATCH_EVENT, NULL);
	size_t skip = 0;

	if (w->relative && store_path_under(path, s->home)) {
		skip = store_length(s->home);
		skip += path[skip] == '/';
	}
	put_string(s, path + skip);
	put_string(s, w->token);
	store_finish_message(s, at);
}

/* Tells watches of queued changes, as long as there is room for each of them.
 */
static void tell_news(struct store *s)
{
	while (s->next_news < s->nr_news &&
	       STORE_OUT - s->out_length >= STORE_WATCHES * STORE_EVENT) {
		const struct store_change *c = &s->news[s->next_news++];

		for (unsigned int i = 0; i < STORE_WATCHES; i++) {
			const struct store_watch *w = &s->watch[i];

			if (!w->used) {
				continue;
			}
			if (store_path_under(c->path, w->path)) {
				store_put_event(s, w, c->path);
			} else if (c->removed &&
				   store_path_under(w->path, c->path)) {
				store_put_event(s, w, w->path);
			}
		}
	}
	if (s->next_news == s->nr_news) {
		s->next_news = 0;
		s->nr_news = 0;
	}
}

static void answer(struct store *s)
{
	struct store_message r;
	int rc;

	__builtin_memcpy(&r.header, s->in, sizeof(r.header));
	r.payload = (const char *)s->in + STORE_HEADER;
	r.length = r.header.len;
	s->in_length = 0;
	rc = store_request(s, &r);
	if (rc != 0) {
		reply_error(s, &r, rc);
	}
	tell_news(s);
}

/* --- bytes --------------------------------------------------------------- */

static bool is_idle(const struct store *s)
{
	return s->out_length == 0 && s->nr_news == 0 && !s->broken;
}

/* Bytes that the message being read still lacks. */
static size_t lacking(const struct store *s)
{
	uint32_t length;

	if (s->in_length < STORE_HEADER) {
		return STORE_HEADER - s->in_length;
	}
	__builtin_memcpy(&length, s->in + offsetof(struct xsd_sockmsg, len),
			 sizeof(length));
	return STORE_HEADER + (size_t)length - s->in_length;
}

size_t store_feed(struct store *s, const uint8_t *bytes, size_t n)
{
	size_t taken = 0;

	while (taken < n && is_idle(s)) {
		size_t piece = lacking(s);

		piece = piece < n - taken ? piece : n - taken;
		__builtin_memcpy(s->in + s->in_length, bytes + taken, piece);
		s->in_length += (uint32_t)piece;
		taken += piece;
		if (s->in_length < STORE_HEADER) {
			continue;
		}
		if (lacking(s) > STORE_PAYLOAD) {
			s->broken = true;
		} else if (lacking(s) == 0) {
			answer(s);
		}
	}
	return taken;
}

size_t store_take(struct store *s, uint8_t *bytes, size_t n)
{
	size_t there = s->out_length - s->out_taken;

	n = n < there ? n : there;
	if (n != 0) {
		__builtin_memcpy(bytes, s->out + s->out_taken, n);
		s->out_taken += (uint32_t)n;
	}
	if (s->out_taken == s->out_length) {
		s->out_taken = 0;
		s->out_length = 0;
		tell_news(s);
	}
	return n;
}

/* --- the hypervisor's side ----------------------------------------------- */

int store_set(struct store *s, const char *path, const char *value)
{
	char absolute[STORE_PATH];
	int rc = store_path(absolute, s->home, path, store_length(path));

	if (rc != 0) {
		return rc;
	}
	if (!store_may_change(s, &s->live)) {
		return -XEN_EAGAIN;
	}
	rc = store_tree_write(&s->live, absolute, (const uint8_t *)value,
			      store_length(value), false);
	if (rc == 0) {
		store_changed(s, &s->live, absolute, false);
		if (s->out_length == 0) {
			tell_news(s);
		}
	}
	return rc;
}

void store_init(struct store *s, uint16_t domid)
{
	static const char domain[] = "/local/domain/";

	__builtin_memset(s, 0, sizeof(*s));
	s->domid = domid;
	store_tree_init(&s->live);
	__builtin_memcpy(s->home, domain, sizeof(domain));
	store_format_number(s->home + sizeof(domain) - 1, domid);
}
