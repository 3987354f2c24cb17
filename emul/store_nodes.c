/* SPDX-License-Identifier: MIT */
/*
 * Requests of nodes. Who may not do it hears EACCES, of a node that there is
 * not as well, if he might not do it to the nearest one above: so nobody learns
 * what there is where he may not look.
 */
#include "abi/xen.h"
#include "emul/store_message.h"
#include "emul/store_path.h"
#include "emul/store_perms.h"
#include "emul/store_string.h"
#include "emul/store_tree.h"

/* A request's node: its path stands in the store's own buffer. */
struct wanted {
	size_t length;
	const char *rest; /* of the payload, behind the path */
	size_t rest_length;
	struct seen seen;
};

/* 0, -XEN_ENOENT: there is none, and it might be; or another errno. */
static int find(const struct request *r, unsigned int may, struct wanted *w)
{
	const long end = string_end(r->payload, r->length);
	int rc;

	if (end < 0) {
		return -XEN_EINVAL;
	}
	w->rest = r->payload + end + 1;
	w->rest_length = r->length - (size_t)end - 1;
	rc = path_make(r->s->path, &w->length, r->c, r->payload, (size_t)end);
	if (rc == 0) {
		rc = view_look(&r->view, r->s->path, w->length, &w->seen);
	}
	if (rc != 0) {
		return rc;
	}
	if ((perms_of(r->s, r->c, w->seen.perms) & may) != may) {
		return -XEN_EACCES;
	}
	return w->seen.exists ? 0 : -XEN_ENOENT;
}

static int do_read(const struct request *r)
{
	struct wanted w;
	int rc = find(r, STORE_READ, &w);

	if (rc == 0) {
		string_copy(r->s, w.seen.value, r->s->scratch);
		reply(r, r->s->scratch, w.seen.value->length);
	}
	return rc;
}

static int do_directory(const struct request *r)
{
	struct wanted w;
	int rc = find(r, STORE_READ, &w);

	if (rc == 0) {
		reply(r, r->s->scratch,
		      view_children(&r->view, r->s->path, w.length,
				    r->s->scratch));
	}
	return rc;
}

/* When the node last changed, names from an offset on, and an empty one. */
static int do_directory_part(const struct request *r)
{
	char digits[24];
	struct wanted w;
	size_t there;
	size_t size;
	size_t from = 0;
	uint32_t at;
	int rc = find(r, STORE_READ, &w);

	if (rc != 0) {
		return rc;
	}
	if (w.rest_length < 2 || w.rest[w.rest_length - 1] != '\0') {
		return -XEN_EINVAL;
	}
	size = view_children(&r->view, r->s->path, w.length, r->s->scratch);
	for (size_t i = 0; i + 1 < w.rest_length; i++) {
		if (w.rest[i] < '0' || w.rest[i] > '9' || from > size) {
			return -XEN_EINVAL;
		}
		from = from * 10 + (size_t)(w.rest[i] - '0');
	}
	if (from > size) {
		return -XEN_EINVAL;
	}
	at = message_begin(r->c, XS_DIRECTORY_PART, &r->header);
	message_put(r->c, digits,
		    format_number(digits,
				  tree_node(r->s, tree_find(r->s, r->s->path,
							    w.length, &there))
					  ->changed));
	message_put(r->c, r->s->scratch + from, size - from);
	message_put(r->c, "", 1);
	message_finish(r->c, at);
	return 0;
}

/* Would the node still be of a size that is allowed? */
static bool fits(const struct request *r, const struct wanted *w, size_t size)
{
	const char *path = r->s->path;
	const size_t length = w->seen.length;
	const size_t children =
		view_children(&r->view, path, length, r->s->scratch);

	if (w->seen.exists) {
		return children + size <= STORE_NODE_SIZE;
	}
	/* The one above gets a child. */
	return size <= STORE_NODE_SIZE &&
	       children + w->seen.value->length +
			       (path_element(path, w->length, length) -
				length) <=
		       STORE_NODE_SIZE;
}

static int do_write(const struct request *r)
{
	const bool mkdir = r->header.type == XS_MKDIR;
	struct store_change ch = {.kind = mkdir ? STORE_MAKE : STORE_SET};
	struct wanted w;
	unsigned int nodes;
	unsigned int pieces;
	size_t size;
	int rc = find(r, STORE_WRITE, &w);

	if (rc != 0 && rc != -XEN_ENOENT) {
		return rc;
	}
	size = mkdir ? 0 : w.rest_length;
	if (!mkdir || rc != 0) {
		if (!fits(r, &w, size)) {
			return -XEN_ENOSPC;
		}
		tree_need(r->s->path, w.length, w.seen.length, &nodes, &pieces);
		ch.from = (uint16_t)w.seen.length;
		ch.new_nodes = (uint16_t)nodes;
		ch.new_pieces = (uint16_t)pieces;
		ch.perms = perms_inherited(r->c, w.seen.perms);
		rc = change(r, &ch, r->s->path, w.length, w.rest, size);
	}
	if (rc == 0) {
		reply_ok(r);
	}
	return rc;
}

/* One that is not there is as good as removed, if the one above it is. */
static int do_rm(const struct request *r)
{
	static const struct store_change ch = {.kind = STORE_REMOVE};
	struct wanted w;
	int rc = find(r, STORE_WRITE, &w);

	if (rc == 0) {
		rc = w.length == 0
			     ? -XEN_EINVAL
			     : change(r, &ch, r->s->path, w.length, NULL, 0);
	} else if (rc == -XEN_ENOENT &&
		   w.seen.length == path_above(r->s->path, w.length)) {
		rc = 0;
	}
	if (rc == 0) {
		reply_ok(r);
	}
	return rc;
}

static int do_get_perms(const struct request *r)
{
	char list[PERMS_TEXT];
	struct wanted w;
	int rc = find(r, STORE_READ, &w);

	if (rc == 0) {
		reply(r, list, perms_print(w.seen.perms, list));
	}
	return rc;
}

/* For the owner, who gives nothing away. */
static int do_set_perms(const struct request *r)
{
	struct store_change ch = {.kind = STORE_ALLOW};
	struct wanted w;
	int rc = find(r, STORE_WRITE | STORE_OWN, &w);

	if (rc != 0) {
		return rc;
	}
	rc = perms_parse(&ch.perms, w.rest, w.rest_length);
	if (rc == 0 && !r->c->all &&
	    ch.perms.of[0].domid != w.seen.perms->of[0].domid) {
		rc = -XEN_EPERM;
	}
	if (rc == 0) {
		rc = change(r, &ch, r->s->path, w.length, NULL, 0);
	}
	if (rc == 0) {
		reply_ok(r);
	}
	return rc;
}

int store_node_request(struct request *r)
{
	switch (r->header.type) {
	case XS_DIRECTORY:
		return do_directory(r);
	case XS_DIRECTORY_PART:
		return do_directory_part(r);
	case XS_READ:
		return do_read(r);
	case XS_GET_PERMS:
		return do_get_perms(r);
	case XS_SET_PERMS:
		return do_set_perms(r);
	case XS_WRITE:
	case XS_MKDIR:
		return do_write(r);
	case XS_RM:
		return do_rm(r);
	default:
		return -XEN_ENOSYS;
	}
}
