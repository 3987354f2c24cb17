/* SPDX-License-Identifier: MIT */
/*
 * Store nodes. The table is flat and small, so finding a child is a scan, and
 * removing a subtree is to drop, again and again, nodes whose parent is gone:
 * at most once for each node there is, whatever the shape of the tree.
 */
#include "emul/store_tree.h"

#include "abi/xen.h"

void store_tree_init(struct store_tree *t)
{
	*t = (struct store_tree){.generation = 0};
	t->node[0].used = true;
}

static bool is_path_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '@' ||
	       c == '/';
}

/* No empty elements, no overlong ones, no slash at the end. */
static bool is_path(const char *path)
{
	size_t element = 0;

	if (path[0] == '/' && path[1] == '\0') {
		return true;
	}
	for (size_t i = 1;; i++) {
		if (path[i] == '/' || path[i] == '\0') {
			if (element == 0 || element > STORE_NAME) {
				return false;
			}
			if (path[i] == '\0') {
				return true;
			}
			element = 0;
			continue;
		}
		if (!is_path_character(path[i])) {
			return false;
		}
		element++;
	}
}

int store_path(char ret_path[STORE_PATH], const char *home, const char *path,
	       size_t length)
{
	size_t at = 0;

	if (length == 0) {
		return -XEN_EINVAL;
	}
	if (path[0] != '/') {
		while (home[at] != '\0') {
			ret_path[at] = home[at];
			at++;
		}
		ret_path[at++] = '/';
	}
	if (length >= STORE_PATH - at) {
		return -XEN_EINVAL;
	}
	for (size_t i = 0; i < length; i++) {
		ret_path[at + i] = path[i];
	}
	ret_path[at + length] = '\0';
	return is_path(ret_path) ? 0 : -XEN_EINVAL;
}

bool store_path_under(const char *path, const char *above)
{
	size_t i = 0;

	if (above[0] == '/' && above[1] == '\0') {
		return true;
	}
	while (above[i] != '\0') {
		if (path[i] != above[i]) {
			return false;
		}
		i++;
	}
	return path[i] == '\0' || path[i] == '/';
}

static bool name_is(const struct store_node *n, const char *name, size_t length)
{
	return n->name_length == length &&
	       __builtin_memcmp(n->name, name, length) == 0;
}

static struct store_node *find_child(struct store_tree *t, uint16_t parent,
				     const char *name, size_t length)
{
	for (uint16_t i = t->node[parent].child; i != 0;
	     i = t->node[i].sibling) {
		if (name_is(&t->node[i], name, length)) {
			return &t->node[i];
		}
	}
	return NULL;
}

uint16_t store_tree_index(const struct store_tree *t,
			  const struct store_node *n)
{
	return (uint16_t)(n - t->node);
}

/* In the first free place from *from on; *from is moved behind it. */
static struct store_node *add_child(struct store_tree *t, uint16_t parent,
				    const char *name, size_t length,
				    uint16_t *from)
{
	struct store_node *n;

	while (*from < STORE_NODES && t->node[*from].used) {
		(*from)++;
	}
	if (*from == STORE_NODES) {
		return NULL;
	}
	n = &t->node[*from];
	n->used = true;
	n->parent = parent;
	n->child = 0;
	n->sibling = t->node[parent].child;
	n->value_length = 0;
	n->name_length = (uint8_t)length;
	__builtin_memcpy(n->name, name, length);
	t->node[parent].child = (*from)++;
	return n;
}

/* Length of the element that *path begins with, after its slash. */
static size_t next_element(const char **path)
{
	size_t length = 0;

	if (**path == '/') {
		(*path)++;
	}
	while ((*path)[length] != '\0' && (*path)[length] != '/') {
		length++;
	}
	return length;
}

struct store_node *store_tree_find(struct store_tree *t, const char *path)
{
	struct store_node *n = &t->node[0];
	size_t length;

	while ((length = next_element(&path)) != 0) {
		n = find_child(t, store_tree_index(t, n), path, length);
		if (n == NULL) {
			return NULL;
		}
		path += length;
	}
	return n;
}

/* Is there room for the elements of the path that do not exist yet? */
static bool has_room(struct store_tree *t, const char *path)
{
	uint16_t parent = 0;
	unsigned int missing = 0;
	size_t length;

	while ((length = next_element(&path)) != 0) {
		const struct store_node *n =
			missing ? NULL : find_child(t, parent, path, length);

		if (n == NULL) {
			missing++;
		} else {
			parent = store_tree_index(t, n);
		}
		path += length;
	}
	for (unsigned int i = 1; i < STORE_NODES && missing != 0; i++) {
		if (!t->node[i].used) {
			missing--;
		}
	}
	return missing == 0;
}

int store_tree_write(struct store_tree *t, const char *path,
		     const uint8_t *value, size_t length, bool keep)
{
	struct store_node *n = store_tree_find(t, path);
	uint16_t from = 1;
	size_t element;

	if (length > STORE_VALUE) {
		return -XEN_E2BIG;
	}
	if (n != NULL && keep) {
		return 0;
	}
	if (!has_room(t, path)) {
		return -XEN_ENOSPC;
	}
	n = &t->node[0];
	while ((element = next_element(&path)) != 0) {
		uint16_t parent = store_tree_index(t, n);

		n = find_child(t, parent, path, element);
		if (n == NULL) {
			n = add_child(t, parent, path, element, &from);
		}
		path += element;
	}
	n->value_length = (uint16_t)length;
	if (length != 0) {
		__builtin_memcpy(n->value, value, length);
	}
	t->generation++;
	return 0;
}

/* Takes a node out of its parent's list. */
static void unlink_child(struct store_tree *t, uint16_t child)
{
	uint16_t *link = &t->node[t->node[child].parent].child;

	while (*link != child) {
		link = &t->node[*link].sibling;
	}
	*link = t->node[child].sibling;
}

/* Frees a node and all below it, by a list of those still to be freed. */
static void free_all(struct store_tree *t, uint16_t todo)
{
	t->node[todo].sibling = 0;
	while (todo != 0) {
		struct store_node *n = &t->node[todo];
		uint16_t child = n->child;

		todo = n->sibling;
		n->used = false;
		while (child != 0) {
			uint16_t next = t->node[child].sibling;

			t->node[child].sibling = todo;
			todo = child;
			child = next;
		}
	}
}

int store_tree_remove(struct store_tree *t, const char *path)
{
	struct store_node *n = store_tree_find(t, path);
	uint16_t index;

	if (n == NULL) {
		return -XEN_ENOENT;
	}
	index = store_tree_index(t, n);
	if (index == 0) {
		return -XEN_EINVAL;
	}
	unlink_child(t, index);
	free_all(t, index);
	t->generation++;
	return 0;
}
