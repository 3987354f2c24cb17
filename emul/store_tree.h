/* SPDX-License-Identifier: MIT */
/*
 * The tree: nodes in the tables of those that made them, each with a list of
 * its children. What is asked for here has been judged: permissions, sizes and
 * room are the callers' matter.
 */
#ifndef PW_EMUL_STORE_TREE_H
#define PW_EMUL_STORE_TREE_H

#include "emul/store.h"

#define STORE_ROOT 0

/* By its number; 0 is the root, and no child. */
struct store_node *tree_node(const struct store *s, uint16_t number);
/* Of the i-th of a client's table. */
uint16_t tree_number(const struct store_client *c, unsigned int i);
/* NULL: whoever had made it is gone. */
struct store_node *tree_node_if(const struct store *s, uint16_t number);

void tree_init(struct store *s);
/*
 * The node, or the nearest above it that there is; *ret_length is how much of
 * the path that takes.
 */
uint16_t tree_find(const struct store *s, const char *path, size_t length,
		   size_t *ret_length);

/* What it would take to make all that is missing behind `from`. */
void tree_need(const char *path, size_t length, size_t from,
	       unsigned int *ret_nodes, unsigned int *ret_pieces);
/* Has the client room for so much? 0, -XEN_ENOSPC or -XEN_ENOMEM. */
int tree_room(const struct store_client *c, unsigned int nodes,
	      unsigned int pieces);

/* Makes what is missing, with these permissions; the client has room. */
uint16_t tree_make(struct store *s, struct store_client *c, const char *path,
		   size_t length, const struct store_perms *perms);
/* The value is the tree's from then on. */
void tree_set(struct store *s, uint16_t number, struct store_string value);
void tree_allow(struct store *s, uint16_t number,
		const struct store_perms *perms);
/* With all below it; not the root. */
void tree_remove(struct store *s, uint16_t number);
/* Bytes of a node's value and its children's names, each with a NUL. */
size_t tree_size(const struct store *s, uint16_t number);
/* The node's path; its length. */
size_t tree_path(const struct store *s, uint16_t number,
		 char ret_path[STORE_ABSOLUTE + 1]);

#endif
