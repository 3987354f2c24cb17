/* SPDX-License-Identifier: MIT */
/*
 * Changes, at once or at a transaction's end.
 *
 * What a transaction will need is reserved as it is noted: nodes, pieces of
 * their names and of values. And it is only carried out if nothing that it has
 * looked at has changed since it began, so each change finds what it was judged
 * by: the end cannot fail half-way. Who cannot write to those nodes cannot make
 * it fail at all.
 */
#include "abi/xen.h"
#include "emul/store_message.h"
#include "emul/store_string.h"
#include "emul/store_tree.h"
#include "emul/store_watch.h"

/* The value is the tree's from here on. */
static void carry_out(struct store *s, struct store_client *c,
		      const struct store_change *what, const char *path,
		      size_t length)
{
	size_t there;
	uint16_t number = STORE_ROOT;

	switch (what->kind) {
	case STORE_MAKE:
		number = tree_make(s, c, path, length, &what->perms);
		break;
	case STORE_SET:
		number = tree_make(s, c, path, length, &what->perms);
		tree_set(s, number, what->value);
		break;
	case STORE_REMOVE:
		number = tree_find(s, path, length, &there);
		watch_fire(s, number, path, length, true);
		tree_remove(s, number);
		return;
	case STORE_ALLOW:
		number = tree_find(s, path, length, &there);
		tree_allow(s, number, &what->perms);
		break;
	}
	watch_fire(s, number, path, length, false);
}

int change(const struct request *r, const struct store_change *what,
	   const char *path, size_t length, const char *value, size_t size)
{
	struct store_client *c = r->c;
	struct store_transaction *t = r->view.t;
	struct store_change ch = *what;
	unsigned int pieces = ch.new_pieces + string_pieces(size);
	int rc;

	if (t != NULL) {
		pieces += string_pieces(length);
		if (t->nr_changes == STORE_CHANGES) {
			return -XEN_ENOSPC;
		}
	}
	rc = tree_room(c, ch.new_nodes, pieces);
	if (rc != 0) {
		return rc;
	}
	ch.value = string_make(c, value, size);
	if (t == NULL) {
		carry_out(r->s, c, &ch, path, length);
		return 0;
	}
	ch.path = string_make(c, path, length);
	c->nr_nodes = (uint16_t)(c->nr_nodes + ch.new_nodes);
	c->nr_pieces = (uint16_t)(c->nr_pieces + ch.new_pieces);
	t->change[t->nr_changes++] = ch;
	return 0;
}

struct store_transaction *transaction_find(struct store_client *c, uint32_t id)
{
	for (unsigned int i = 0; i < STORE_TRANSACTIONS; i++) {
		if (c->transaction[i].id == id) {
			return &c->transaction[i];
		}
	}
	return NULL;
}

uint32_t transaction_start(struct store *s, struct store_client *c)
{
	struct store_transaction *t = transaction_find(c, 0);

	if (t == NULL) {
		return 0;
	}
	do {
		c->last_transaction++;
	} while (transaction_find(c, c->last_transaction) != NULL ||
		 c->last_transaction == 0);
	t->id = c->last_transaction;
	t->began = s->changes;
	t->nr_changes = 0;
	t->nr_touched = 0;
	return t->id;
}

/* A domain that has gone took its nodes with it. */
static bool has_changed(const struct store *s,
			const struct store_transaction *t)
{
	for (unsigned int i = 0; i < t->nr_touched; i++) {
		const struct store_node *n = tree_node_if(s, t->touched[i]);

		if (n == NULL || n->changed > t->began) {
			return true;
		}
	}
	return false;
}

int transaction_end(struct store *s, struct store_client *c,
		    struct store_transaction *t, bool commit)
{
	const bool stale = commit && has_changed(s, t);

	for (unsigned int i = 0; i < t->nr_changes; i++) {
		struct store_change *ch = &t->change[i];
		const size_t length = ch->path.length;

		c->nr_nodes = (uint16_t)(c->nr_nodes - ch->new_nodes);
		c->nr_pieces = (uint16_t)(c->nr_pieces - ch->new_pieces);
		string_copy(s, &ch->path, s->path);
		string_free(s, &ch->path);
		if (commit && !stale) {
			carry_out(s, c, ch, s->path, length);
		} else {
			string_free(s, &ch->value);
		}
	}
	t->id = 0;
	return stale ? -XEN_EAGAIN : 0;
}

void transaction_drop_all(struct store *s, struct store_client *c)
{
	for (unsigned int i = 0; i < STORE_TRANSACTIONS; i++) {
		if (c->transaction[i].id != 0) {
			(void)transaction_end(s, c, &c->transaction[i], false);
		}
	}
}
