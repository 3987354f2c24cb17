/* SPDX-License-Identifier: MIT */
/*
 * The domains of the store, as they come and go, and what the hypervisor says
 * of them. The layout is the toolstack's: a domain's directory is domain 0's,
 * and the domain may read it; a few nodes in it are its own.
 */
#include "abi/text.h"
#include "abi/xen.h"
#include "emul/store_message.h"
#include "emul/store_path.h"
#include "emul/store_perms.h"
#include "emul/store_string.h"
#include "emul/store_tree.h"
#include "emul/store_watch.h"

static const struct store_perms nobodys = {.nr = 1};

void store_init(struct store *s)
{
	static const char domains[] = "/local/domain";

	__builtin_memset(s, 0, sizeof(*s));
	s->client[0] = &s->own;
	s->own.all = true;
	string_init(&s->own);
	tree_init(s);
	(void)tree_make(s, &s->own, domains, sizeof(domains) - 1, &nobodys);
	(void)tree_make(s, &s->own, "/vm", 3, &nobodys);
}

/* A value of the hypervisor's, in a node of its own. */
static int set(struct store *s, const char *path, size_t length,
	       const char *value, const struct store_perms *perms)
{
	const size_t size = string_length(value);
	unsigned int nodes;
	unsigned int pieces;
	size_t there;
	uint16_t number = tree_find(s, path, length, &there);
	int rc;

	tree_need(path, length, there, &nodes, &pieces);
	rc = tree_room(&s->own, nodes, pieces + string_pieces(size));
	if (rc == 0 &&
	    tree_size(s, number) + size + length - there > STORE_NODE_SIZE) {
		rc = -XEN_ENOSPC;
	}
	if (rc != 0) {
		return rc;
	}
	number = tree_make(s, &s->own, path, length, perms);
	tree_set(s, number, string_make(&s->own, value, size));
	watch_fire(s, number, path, length, false);
	return 0;
}

int store_set(struct store *s, const struct store_client *of, const char *path,
	      const char *value, enum store_for who)
{
	struct store_perms perms = {.nr = 2, .of[1] = {.may = STORE_READ}};
	size_t length;
	int rc = path_make(s->path, &length, of, path, string_length(path));

	if (rc != 0) {
		return rc;
	}
	perms.of[1].domid = of->domid;
	if (who == STORE_TO_WRITE) {
		perms = (struct store_perms){.nr = 1};
		perms.of[0].domid = of->domid;
	}
	return set(s, s->path, length, value, &perms);
}

static void remove_if(struct store *s, const char *path, size_t length)
{
	size_t there;
	const uint16_t number = tree_find(s, path, length, &there);

	if (there == length && number != STORE_ROOT) {
		watch_fire(s, number, path, length, true);
		tree_remove(s, number);
	}
}

void store_unset(struct store *s, const char *path)
{
	remove_if(s, path, string_length(path));
}

void store_join(struct store *s, struct store_client *c, unsigned int number)
{
	struct store_perms perms = {.nr = 2, .of[1] = {.may = STORE_READ}};
	struct text t = text_in(c->home, sizeof(c->home));

	text_format(&t, "/local/domain/%u", (unsigned int)c->domid);
	c->home_length = (uint16_t)t.used;
	c->number = (uint8_t)number;
	string_init(c);
	/* A transaction that has looked at their like is to know. */
	for (unsigned int i = 0; i < STORE_NODES; i++) {
		c->node[i].changed = ++s->changes;
	}
	s->client[number] = c;
	perms.of[1].domid = c->domid;
	(void)set(s, c->home, c->home_length, "", &perms);
	watch_fire_special(s, "@introduceDomain");
}

/* A value that it wrote into a node of another's stays, if there is room. */
static void keep_value(struct store *s, struct store_client *heir,
		       struct store_string *value)
{
	const size_t length = value->length;

	string_copy(s, value, s->scratch);
	string_free(s, value);
	if (string_room(heir, string_pieces(length))) {
		*value = string_make(heir, s->scratch, length);
	}
}

static void forget(struct store *s, const struct store_client *c)
{
	for (unsigned int i = 0; i < STORE_CLIENTS; i++) {
		struct store_client *o = s->client[i];

		for (unsigned int k = 0; o != NULL && k < STORE_NODES; k++) {
			struct store_node *n = &o->node[k];

			if (!n->used) {
				continue;
			}
			if (n->value.length != 0 &&
			    n->value.payer == c->number) {
				keep_value(s, o, &n->value);
			}
			if (perms_forget(&n->perms, c->domid)) {
				n->changed = ++s->changes;
			}
		}
	}
}

static bool remove_one(struct store *s, const struct store_client *c)
{
	for (unsigned int i = 0; i < STORE_NODES; i++) {
		if (c->node[i].used) {
			const uint16_t number = tree_number(c, i);

			remove_if(s, s->path, tree_path(s, number, s->path));
			return true;
		}
	}
	return false;
}

bool store_leave(struct store *s, struct store_client *c)
{
	if (s->client[c->number] != c) {
		return false;
	}
	if (!c->leaving) {
		c->leaving = true;
		watch_remove_all(s, c);
		transaction_drop_all(s, c);
		remove_if(s, c->home, c->home_length);
		return true;
	}
	if (remove_one(s, c)) {
		return true;
	}
	forget(s, c);
	s->client[c->number] = NULL;
	watch_fire_special(s, "@releaseDomain");
	return false;
}
