/* SPDX-License-Identifier: MIT */
/*
 * The tree as a request sees it: as it is, or, in a transaction, with the
 * changes that this has noted.
 */
#ifndef PW_EMUL_STORE_VIEW_H
#define PW_EMUL_STORE_VIEW_H

#include "emul/store.h"

struct view {
	struct store *s;
	struct store_client *c;
	struct store_transaction *t; /* NULL: none */
};

/* A node as it is seen, or the nearest above one that there is not. */
struct seen {
	bool exists;   /* the path's own */
	size_t length; /* of the path, that exists */
	const struct store_perms *perms;
	const struct store_string *value;
};

/*
 * Looks, and notes that the transaction's outcome hangs on it. 0 or
 * -XEN_ENOSPC: it has looked at too many.
 */
int view_look(const struct view *v, const char *path, size_t length,
	      struct seen *ret_seen);
/* Names of the children, each with its NUL; how many bytes. */
size_t view_children(const struct view *v, const char *path, size_t length,
		     char ret_names[STORE_NODE_SIZE]);

#endif
