/* SPDX-License-Identifier: MIT */
/*
 * The tree of a store: nodes in a table, each with a list of its children, so
 * that looking a path up meets each node once at most, whatever the tree's
 * form. Paths are absolute, NUL-terminated, and have passed store_path().
 */
#ifndef PW_EMUL_STORE_TREE_H
#define PW_EMUL_STORE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_NODES 256 /* 0 is the root */
#define STORE_NAME 48   /* bytes of one path element */
#define STORE_VALUE 256
#define STORE_PATH 256 /* with its NUL */

struct store_node {
	bool used;
	uint8_t name_length;
	uint16_t value_length;
	uint16_t parent;
	uint16_t child;   /* the first of its list, or 0 */
	uint16_t sibling; /* the next of its parent's, or 0 */
	char name[STORE_NAME];
	uint8_t value[STORE_VALUE];
};

struct store_tree {
	struct store_node node[STORE_NODES];
	uint32_t generation; /* changes so far */
};

void store_tree_init(struct store_tree *t);

/*
 * Makes an absolute path of one that may be relative to `home`, and checks its
 * characters and lengths. 0 or -XEN_EINVAL.
 */
int store_path(char ret_path[STORE_PATH], const char *home, const char *path,
	       size_t length);

/* Is `path` the same as `above`, or under it? */
bool store_path_under(const char *path, const char *above);

/* The node, or NULL. */
struct store_node *store_tree_find(struct store_tree *t, const char *path);
/* Number of the node, for children's sake. */
uint16_t store_tree_index(const struct store_tree *t,
			  const struct store_node *n);
/*
 * Writes a value, and creates the node with all above it. `keep`: leaves the
 * value of one that exists. 0, -XEN_E2BIG or -XEN_ENOSPC.
 */
int store_tree_write(struct store_tree *t, const char *path,
		     const uint8_t *value, size_t length, bool keep);
/* Removes a node with all below it. 0, -XEN_ENOENT or -XEN_EINVAL (root). */
int store_tree_remove(struct store_tree *t, const char *path);

#endif
