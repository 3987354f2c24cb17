/* SPDX-License-Identifier: MIT */
/*
 * The store's requests but for those of nodes (store_nodes.c). Each checks
 * everything, then changes and answers; an error is answered by the caller, and
 * then nothing has changed.
 */
#include "abi/text.h"
#include "abi/xen.h"
#include "emul/store_message.h"
#include "emul/store_path.h"
#include "emul/store_string.h"
#include "emul/store_watch.h"

/* Digits and a NUL that end the payload. False: it is something else. */
static bool parse_number(const struct request *r, uint32_t *ret_n)
{
	uint64_t n = 0;

	if (r->length < 2 || r->length > 11 ||
	    r->payload[r->length - 1] != '\0') {
		return false;
	}
	for (size_t i = 0; i < r->length - 1; i++) {
		if (r->payload[i] < '0' || r->payload[i] > '9') {
			return false;
		}
		n = n * 10 + (uint64_t)(r->payload[i] - '0');
	}
	*ret_n = (uint32_t)n;
	return n <= UINT32_MAX;
}

/* --- watches -------------------------------------------------------------- */

struct watch_request {
	struct store_watch kind;
	const char *path;
	size_t length;
	const char *token;
	size_t token_length;
};

/* @introduceDomain and @releaseDomain are names, not paths. */
static int watched_path(const struct request *r, struct watch_request *w,
			size_t length)
{
	w->kind = (struct store_watch){.relative = r->payload[0] != '/' &&
						   r->payload[0] != '@'};
	if (r->payload[0] == '@') {
		w->path = r->payload;
		w->length = length;
		return length > STORE_RELATIVE ? -XEN_EINVAL : 0;
	}
	w->path = r->s->path;
	return path_make(r->s->path, &w->length, r->c, r->payload, length);
}

/* Path and token of a watch request. 0 or -XEN_EINVAL. */
static int parse_watch(const struct request *r, struct watch_request *w)
{
	const long end = string_end(r->payload, r->length);
	long token_end;
	size_t left;

	if (end < 0) {
		return -XEN_EINVAL;
	}
	w->token = r->payload + end + 1;
	left = r->length - (size_t)end - 1;
	token_end = string_end(w->token, left);
	if (token_end < 0) {
		return -XEN_EINVAL;
	}
	w->token_length = (size_t)token_end;
	return watched_path(r, w, (size_t)end);
}

/* The answer goes out before the event, which waits. */
static int do_watch(const struct request *r)
{
	struct watch_request w;
	int rc = parse_watch(r, &w);

	if (rc == 0) {
		rc = watch_add(r->s, r->c, &w.kind, w.path, w.length, w.token,
			       w.token_length);
	}
	if (rc == 0) {
		reply_ok(r);
	}
	return rc;
}

static int do_unwatch(const struct request *r)
{
	struct watch_request w;
	int rc = parse_watch(r, &w);

	if (rc == 0) {
		rc = watch_remove(r->s, r->c, w.path, w.length, w.token,
				  w.token_length);
	}
	if (rc == 0) {
		reply_ok(r);
	}
	return rc;
}

static int do_reset_watches(const struct request *r)
{
	watch_remove_all(r->s, r->c);
	transaction_drop_all(r->s, r->c);
	reply_ok(r);
	return 0;
}

/* --- transactions --------------------------------------------------------- */

static int do_transaction_start(const struct request *r)
{
	char digits[24];
	uint32_t id;

	if (r->view.t != NULL) {
		return -XEN_EBUSY; /* none inside another */
	}
	id = transaction_start(r->s, r->c);
	if (id == 0) {
		return -XEN_ENOSPC;
	}
	reply(r, digits, format_number(digits, id));
	return 0;
}

static int do_transaction_end(const struct request *r)
{
	int rc;

	if (r->length != 2 || r->payload[1] != '\0' ||
	    (r->payload[0] != 'T' && r->payload[0] != 'F')) {
		return -XEN_EINVAL;
	}
	if (r->view.t == NULL) {
		return -XEN_ENOENT;
	}
	rc = transaction_end(r->s, r->c, r->view.t, r->payload[0] == 'T');
	if (rc == 0) {
		reply_ok(r);
	}
	return rc;
}

/* --- domains -------------------------------------------------------------- */

static int do_get_domain_path(const struct request *r)
{
	char path[32];
	struct text t = text_in(path, sizeof(path));
	uint32_t domid;

	if (!parse_number(r, &domid)) {
		return -XEN_EINVAL;
	}
	text_format(&t, "/local/domain/%u", domid);
	reply(r, path, t.used + 1);
	return 0;
}

static int do_is_introduced(const struct request *r)
{
	uint32_t domid;
	bool is = false;

	if (!parse_number(r, &domid)) {
		return -XEN_EINVAL;
	}
	for (unsigned int i = 0; i < STORE_CLIENTS; i++) {
		is |= r->s->client[i] != NULL &&
		      r->s->client[i]->domid == domid;
	}
	reply(r, is || domid == DOMID_SELF ? "T" : "F", 2);
	return 0;
}

int store_request(struct request *r)
{
	r->view = (struct view){.s = r->s, .c = r->c};
	if (r->header.tx_id != 0) {
		r->view.t = transaction_find(r->c, r->header.tx_id);
		if (r->view.t == NULL) {
			return -XEN_ENOENT;
		}
	}
	switch (r->header.type) {
	case XS_WATCH:
		return do_watch(r);
	case XS_UNWATCH:
		return do_unwatch(r);
	case XS_RESET_WATCHES:
		return do_reset_watches(r);
	case XS_TRANSACTION_START:
		return do_transaction_start(r);
	case XS_TRANSACTION_END:
		return do_transaction_end(r);
	case XS_GET_DOMAIN_PATH:
		return do_get_domain_path(r);
	case XS_IS_DOMAIN_INTRODUCED:
		return do_is_introduced(r);
	case XS_CONTROL:
	case XS_INTRODUCE:
	case XS_RELEASE:
	case XS_RESUME:
	case XS_SET_TARGET:
		return -XEN_EACCES; /* the control domain's */
	default:
		return store_node_request(r);
	}
}
