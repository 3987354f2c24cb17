/* SPDX-License-Identifier: MIT */
/*
 * The tree's nodes. A node's number says whose table it stands in. Finding a
 * path meets each node once at most; removing one with all below it goes along
 * a list of those that are still to be freed, which their own links carry.
 *
 * Each change is counted, and the node keeps the count: a transaction that has
 * looked at it before can tell (store_transaction.c).
 */
#include "emul/store_tree.h"

#include "abi/xen.h"
#include "emul/store_path.h"
#include "emul/store_string.h"

#define PER_CLIENT 1024 /* numbers; a power of two above STORE_NODES */
_Static_assert(STORE_NODES <= PER_CLIENT, "node numbers");
_Static_assert(STORE_CLIENTS *PER_CLIENT <= UINT16_MAX, "node numbers");

struct store_node *tree_node(const struct store *s, uint16_t number)
{
	return &s->client[number / PER_CLIENT]->node[number % PER_CLIENT];
}

uint16_t tree_number(const struct store_client *c, unsigned int i)
{
	return (uint16_t)(c->number * PER_CLIENT + i);
}

struct store_node *tree_node_if(const struct store *s, uint16_t number)
{
	return s->client[number / PER_CLIENT] == NULL ? NULL
						      : tree_node(s, number);
}

static void touch(struct store *s, struct store_node *n)
{
	n->changed = ++s->changes;
}

/* Node 0 of the store's own client. */
void tree_init(struct store *s)
{
	struct store_node *root = tree_node(s, STORE_ROOT);

	*root = (struct store_node){.used = true, .perms = {.nr = 1}};
	s->own.nr_nodes = 1;
}

static uint16_t find_child(const struct store *s, uint16_t parent,
			   const char *name, size_t length)
{
	uint16_t i = tree_node(s, parent)->child;

	while (i != 0 && !string_is(s, &tree_node(s, i)->name, name, length)) {
		i = tree_node(s, i)->sibling;
	}
	return i;
}

uint16_t tree_find(const struct store *s, const char *path, size_t length,
		   size_t *ret_length)
{
	uint16_t node = STORE_ROOT;
	size_t at = 0;

	while (at < length) {
		const size_t end = path_element(path, length, at);
		const uint16_t child =
			find_child(s, node, path + at + 1, end - at - 1);

		if (child == 0) {
			break;
		}
		node = child;
		at = end;
	}
	*ret_length = at;
	return node;
}

void tree_need(const char *path, size_t length, size_t from,
	       unsigned int *ret_nodes, unsigned int *ret_pieces)
{
	*ret_nodes = 0;
	*ret_pieces = 0;
	while (from < length) {
		const size_t end = path_element(path, length, from);

		(*ret_nodes)++;
		*ret_pieces += string_pieces(end - from - 1);
		from = end;
	}
}

int tree_room(const struct store_client *c, unsigned int nodes,
	      unsigned int pieces)
{
	if (nodes > STORE_NODES - (unsigned int)c->nr_nodes) {
		return -XEN_ENOSPC;
	}
	return string_room(c, pieces) ? 0 : -XEN_ENOMEM;
}

/* The next free one of the client's table; there is one. */
static uint16_t take_node(struct store_client *c)
{
	uint16_t i = c->next_node;

	while (c->node[i].used) {
		i = (uint16_t)(i + 1 == STORE_NODES ? 0 : i + 1);
	}
	c->next_node = i;
	c->nr_nodes++;
	return i;
}

/* Behind its siblings: children are listed as they came. */
static void link_child(struct store *s, uint16_t parent, uint16_t child)
{
	uint16_t *link = &tree_node(s, parent)->child;

	while (*link != 0) {
		link = &tree_node(s, *link)->sibling;
	}
	*link = child;
	touch(s, tree_node(s, parent));
}

static uint16_t add_child(struct store *s, struct store_client *c,
			  uint16_t parent, const char *name, size_t length,
			  const struct store_perms *perms)
{
	const uint16_t index = take_node(c);
	const uint16_t number = tree_number(c, index);
	struct store_node *n = &c->node[index];

	*n = (struct store_node){
		.used = true,
		.parent = parent,
		.perms = *perms,
		.name = string_make(c, name, length),
	};
	touch(s, n);
	link_child(s, parent, number);
	return number;
}

uint16_t tree_make(struct store *s, struct store_client *c, const char *path,
		   size_t length, const struct store_perms *perms)
{
	size_t at;
	uint16_t node = tree_find(s, path, length, &at);

	while (at < length) {
		const size_t end = path_element(path, length, at);

		node = add_child(s, c, node, path + at + 1, end - at - 1,
				 perms);
		at = end;
	}
	return node;
}

void tree_set(struct store *s, uint16_t number, struct store_string value)
{
	struct store_node *n = tree_node(s, number);

	string_free(s, &n->value);
	n->value = value;
	touch(s, n);
}

void tree_allow(struct store *s, uint16_t number,
		const struct store_perms *perms)
{
	struct store_node *n = tree_node(s, number);

	n->perms = *perms;
	touch(s, n);
}

static void unlink_child(struct store *s, uint16_t child)
{
	const uint16_t parent = tree_node(s, child)->parent;
	uint16_t *link = &tree_node(s, parent)->child;

	while (*link != child) {
		link = &tree_node(s, *link)->sibling;
	}
	*link = tree_node(s, child)->sibling;
	touch(s, tree_node(s, parent));
}

static void free_node(struct store *s, uint16_t number)
{
	struct store_node *n = tree_node(s, number);

	string_free(s, &n->name);
	string_free(s, &n->value);
	n->used = false;
	touch(s, n);
	s->client[number / PER_CLIENT]->nr_nodes--;
}

void tree_remove(struct store *s, uint16_t number)
{
	uint16_t todo = number;

	unlink_child(s, number);
	tree_node(s, number)->sibling = 0;
	while (todo != 0) {
		struct store_node *n = tree_node(s, todo);
		const uint16_t freed = todo;
		uint16_t child = n->child;

		todo = n->sibling;
		while (child != 0) {
			const uint16_t next = tree_node(s, child)->sibling;

			tree_node(s, child)->sibling = todo;
			todo = child;
			child = next;
		}
		free_node(s, freed);
	}
}

size_t tree_size(const struct store *s, uint16_t number)
{
	const struct store_node *n = tree_node(s, number);
	size_t size = n->value.length;

	for (uint16_t i = n->child; i != 0; i = tree_node(s, i)->sibling) {
		size += tree_node(s, i)->name.length + 1u;
	}
	return size;
}

size_t tree_path(const struct store *s, uint16_t number,
		 char ret_path[STORE_ABSOLUTE + 1])
{
	size_t length = 0;
	size_t at;

	for (uint16_t i = number; i != STORE_ROOT;
	     i = tree_node(s, i)->parent) {
		length += tree_node(s, i)->name.length + 1u;
	}
	at = length;
	for (uint16_t i = number; i != STORE_ROOT;
	     i = tree_node(s, i)->parent) {
		const struct store_string *name = &tree_node(s, i)->name;

		at -= name->length;
		string_copy(s, name, ret_path + at);
		ret_path[--at] = '/';
	}
	return length;
}
