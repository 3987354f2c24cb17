/* SPDX-License-Identifier: MIT */
/*
 * The store's requests. Each checks everything, then answers and changes; an
 * error is answered by the caller, and then nothing has changed.
 *
 * A transaction works on a copy of the tree. With one client nothing can
 * change beside it but by that client's own requests outside of it, or by the
 * hypervisor; then its end is answered with EAGAIN, as the protocol has it.
 */
#include "abi/xen.h"
#include "emul/store_message.h"

/* Digits and a NUL that end the payload. False: it is something else. */
static bool parse_number(const struct store_message *r, uint32_t *ret_n)
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

/*
 * The first string of the payload: its length without the NUL, or -1 when no
 * NUL ends it.
 */
static long first_string(const struct store_message *r)
{
	for (size_t i = 0; i < r->length; i++) {
		if (r->payload[i] == '\0') {
			return (long)i;
		}
	}
	return -1;
}

/* The path that the payload begins with. 0 or -XEN_EINVAL. */
static int request_path(struct store *s, const struct store_message *r,
			char ret_path[STORE_PATH], size_t *ret_used)
{
	long length = first_string(r);

	if (length < 0) {
		return -XEN_EINVAL;
	}
	*ret_used = (size_t)length + 1;
	return store_path(ret_path, s->home, r->payload, (size_t)length);
}

/* The tree that the request speaks of, or NULL: no such transaction. */
static struct store_tree *request_tree(struct store *s,
				       const struct store_message *r)
{
	if (r->header.tx_id == 0) {
		return &s->live;
	}
	return r->header.tx_id == s->transaction ? &s->draft : NULL;
}

static void store_reply_ok(struct store *s, const struct store_message *r)
{
	store_reply(s, r, "OK", 3);
}

/* Those that name a node: find it, in the right tree. */
static int find_node(struct store *s, const struct store_message *r,
		     struct store_tree **ret_tree, struct store_node **ret_node)
{
	char path[STORE_PATH];
	size_t used;
	int rc = request_path(s, r, path, &used);

	if (rc != 0) {
		return rc;
	}
	*ret_tree = request_tree(s, r);
	if (*ret_tree == NULL) {
		return -XEN_ENOENT;
	}
	*ret_node = store_tree_find(*ret_tree, path);
	return *ret_node == NULL ? -XEN_ENOENT : 0;
}

static int do_read(struct store *s, const struct store_message *r)
{
	struct store_tree *t;
	struct store_node *n;
	int rc = find_node(s, r, &t, &n);

	if (rc == 0) {
		store_reply(s, r, n->value, n->value_length);
	}
	return rc;
}

static int do_directory(struct store *s, const struct store_message *r)
{
	struct store_tree *t;
	struct store_node *n;
	uint32_t at;
	int rc = find_node(s, r, &t, &n);

	if (rc != 0) {
		return rc;
	}
	at = store_begin_message(s, XS_DIRECTORY, &r->header);
	for (unsigned int i = 1; i < STORE_NODES; i++) {
		const struct store_node *c = &t->node[i];

		if (!c->used || c->parent != store_tree_index(t, n)) {
			continue;
		}
		if (s->out_length - at + c->name_length + 1u >
		    STORE_HEADER + STORE_PAYLOAD) {
			s->out_length = at; /* unsay it */
			return -XEN_E2BIG;
		}
		store_put_bytes(s, c->name, c->name_length);
		store_put_bytes(s, "", 1);
	}
	store_finish_message(s, at);
	return 0;
}

/* What the guest may change: its own directory's contents. */
static bool is_guests(const struct store *s, const char *path)
{
	return store_path_under(path, s->home) &&
	       path[store_length(s->home)] == '/';
}

static int do_write(struct store *s, const struct store_message *r)
{
	bool mkdir = r->header.type == XS_MKDIR;
	char path[STORE_PATH];
	struct store_tree *t;
	size_t used;
	int rc = request_path(s, r, path, &used);

	if (rc != 0) {
		return rc;
	}
	t = request_tree(s, r);
	if (t == NULL) {
		return -XEN_ENOENT;
	}
	if (!is_guests(s, path)) {
		return -XEN_EACCES;
	}
	if (!store_may_change(s, t)) {
		return -XEN_ENOSPC;
	}
	rc = store_tree_write(t, path, (const uint8_t *)r->payload + used,
			      mkdir ? 0 : r->length - used, mkdir);
	if (rc == 0) {
		store_reply_ok(s, r);
		store_changed(s, t, path, false);
	}
	return rc;
}

static int do_rm(struct store *s, const struct store_message *r)
{
	char path[STORE_PATH];
	struct store_tree *t;
	size_t used;
	int rc = request_path(s, r, path, &used);

	if (rc != 0) {
		return rc;
	}
	t = request_tree(s, r);
	if (t == NULL) {
		return -XEN_ENOENT;
	}
	if (!is_guests(s, path)) {
		return -XEN_EACCES;
	}
	if (!store_may_change(s, t)) {
		return -XEN_ENOSPC;
	}
	rc = store_tree_remove(t, path);
	if (rc == 0) {
		store_reply_ok(s, r);
		store_changed(s, t, path, true);
	}
	return rc;
}

/* Every node can be read by the domain, and its own written by it. */
static int do_get_perms(struct store *s, const struct store_message *r)
{
	char perms[32] = "n0\0r";
	size_t at = 4;
	char path[STORE_PATH];
	struct store_tree *t;
	struct store_node *n;
	size_t used;
	int rc = find_node(s, r, &t, &n);

	if (rc != 0) {
		return rc;
	}
	if (request_path(s, r, path, &used) == 0 && is_guests(s, path)) {
		perms[0] = 'n';
		at = 1;
	}
	at += store_format_number(perms + at, s->domid) + 1;
	store_reply(s, r, perms, at);
	return 0;
}

/*
 * Checked and accepted without effect: permissions only bear on other domains,
 * and there is none.
 */
static int do_set_perms(struct store *s, const struct store_message *r)
{
	char path[STORE_PATH];
	struct store_tree *t;
	struct store_node *n;
	size_t used;
	int rc = request_path(s, r, path, &used);

	if (rc == 0) {
		rc = find_node(s, r, &t, &n);
	}
	if (rc != 0) {
		return rc;
	}
	if (!is_guests(s, path)) {
		return -XEN_EACCES;
	}
	if (used + 3 > r->length || r->payload[r->length - 1] != '\0') {
		return -XEN_EINVAL;
	}
	store_reply_ok(s, r);
	return 0;
}

/* Path and token of a watch request. 0 or -XEN_EINVAL. */
static int watch_of(struct store *s, const struct store_message *r,
		    struct store_watch *ret_watch)
{
	struct store_message token;
	long length;
	size_t used;
	int rc;

	/* @introduceDomain and @releaseDomain are names, not paths. */
	if (r->length != 0 && r->payload[0] == '@') {
		length = first_string(r);
		if (length < 0 || length >= STORE_PATH) {
			return -XEN_EINVAL;
		}
		used = (size_t)length + 1;
		__builtin_memcpy(ret_watch->path, r->payload, used);
		ret_watch->relative = false;
	} else {
		rc = request_path(s, r, ret_watch->path, &used);
		if (rc != 0) {
			return rc;
		}
		ret_watch->relative = r->payload[0] != '/';
	}
	token.payload = r->payload + used;
	token.length = r->length - used;
	length = first_string(&token);
	if (length < 0 || length >= STORE_TOKEN) {
		return -XEN_EINVAL;
	}
	__builtin_memcpy(ret_watch->token, token.payload, (size_t)length + 1);
	ret_watch->used = true;
	return 0;
}

static bool strings_equal(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static struct store_watch *find_watch(struct store *s,
				      const struct store_watch *like)
{
	for (unsigned int i = 0; i < STORE_WATCHES; i++) {
		struct store_watch *w = &s->watch[i];

		if (w->used && strings_equal(w->path, like->path) &&
		    strings_equal(w->token, like->token)) {
			return w;
		}
	}
	return NULL;
}

static int do_watch(struct store *s, const struct store_message *r)
{
	struct store_watch w;
	int rc = watch_of(s, r, &w);

	if (rc != 0) {
		return rc;
	}
	if (find_watch(s, &w) != NULL) {
		return -XEN_EEXIST;
	}
	for (unsigned int i = 0; i < STORE_WATCHES; i++) {
		if (!s->watch[i].used) {
			s->watch[i] = w;
			store_reply_ok(s, r);
			/* Each watch fires once at its birth. */
			store_put_event(s, &w, w.path);
			return 0;
		}
	}
	return -XEN_ENOSPC;
}

static int do_unwatch(struct store *s, const struct store_message *r)
{
	struct store_watch w;
	struct store_watch *found;
	int rc = watch_of(s, r, &w);

	if (rc != 0) {
		return rc;
	}
	found = find_watch(s, &w);
	if (found == NULL) {
		return -XEN_ENOENT;
	}
	found->used = false;
	store_reply_ok(s, r);
	return 0;
}

static int do_reset_watches(struct store *s, const struct store_message *r)
{
	for (unsigned int i = 0; i < STORE_WATCHES; i++) {
		s->watch[i].used = false;
	}
	s->transaction = 0;
	store_reply_ok(s, r);
	return 0;
}

static int do_transaction_start(struct store *s, const struct store_message *r)
{
	char digits[12];

	if (r->header.tx_id != 0) {
		return -XEN_EINVAL;
	}
	if (s->transaction != 0) {
		return -XEN_ENOSPC;
	}
	s->last_transaction++;
	s->last_transaction += s->last_transaction == 0;
	s->transaction = s->last_transaction;
	s->draft = s->live;
	s->base_generation = s->live.generation;
	s->nr_changes = 0;
	store_reply(s, r, digits,
		    store_format_number(digits, s->transaction) + 1);
	return 0;
}

static int do_transaction_end(struct store *s, const struct store_message *r)
{
	bool commit;

	if (s->transaction == 0 || r->header.tx_id != s->transaction) {
		return -XEN_ENOENT;
	}
	if (r->length != 2 || r->payload[1] != '\0' ||
	    (r->payload[0] != 'T' && r->payload[0] != 'F')) {
		return -XEN_EINVAL;
	}
	commit = r->payload[0] == 'T';
	s->transaction = 0;
	if (commit && s->base_generation != s->live.generation) {
		return -XEN_EAGAIN;
	}
	if (commit && s->nr_changes != 0) {
		s->live = s->draft;
		for (unsigned int i = 0; i < s->nr_changes; i++) {
			store_note_change(s->news, &s->nr_news,
					  s->change[i].path,
					  s->change[i].removed);
		}
	}
	store_reply_ok(s, r);
	return 0;
}

static int do_get_domain_path(struct store *s, const struct store_message *r)
{
	char path[32] = "/local/domain/";
	uint32_t domid;
	size_t length;

	if (!parse_number(r, &domid)) {
		return -XEN_EINVAL;
	}
	length = store_length(path);
	length += store_format_number(path + length, domid);
	store_reply(s, r, path, length + 1);
	return 0;
}

static int do_is_introduced(struct store *s, const struct store_message *r)
{
	uint32_t domid;

	if (!parse_number(r, &domid)) {
		return -XEN_EINVAL;
	}
	store_reply(s, r, domid == s->domid || domid == 0 ? "T" : "F", 2);
	return 0;
}

int store_request(struct store *s, const struct store_message *r)
{
	switch (r->header.type) {
	case XS_DIRECTORY:
		return do_directory(s, r);
	case XS_READ:
		return do_read(s, r);
	case XS_GET_PERMS:
		return do_get_perms(s, r);
	case XS_SET_PERMS:
		return do_set_perms(s, r);
	case XS_WATCH:
		return do_watch(s, r);
	case XS_UNWATCH:
		return do_unwatch(s, r);
	case XS_RESET_WATCHES:
		return do_reset_watches(s, r);
	case XS_TRANSACTION_START:
		return do_transaction_start(s, r);
	case XS_TRANSACTION_END:
		return do_transaction_end(s, r);
	case XS_WRITE:
	case XS_MKDIR:
		return do_write(s, r);
	case XS_RM:
		return do_rm(s, r);
	case XS_GET_DOMAIN_PATH:
		return do_get_domain_path(s, r);
	case XS_IS_DOMAIN_INTRODUCED:
		return do_is_introduced(s, r);
	case XS_CONTROL:
	case XS_INTRODUCE:
	case XS_RELEASE:
	case XS_RESUME:
	case XS_SET_TARGET:
		return -XEN_EACCES; /* the control domain's */
	default:
		return -XEN_ENOSYS;
	}
}
