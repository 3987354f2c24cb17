/* SPDX-License-Identifier: MIT */
/*
 * Paths of the store. Inside it they are absolute and end in no slash, so that
 * the root's is empty, and what is under a path begins with it and a slash.
 */
#ifndef PW_EMUL_STORE_PATH_H
#define PW_EMUL_STORE_PATH_H

#include "emul/store.h"

/*
 * Makes a path of one that a client gave, which may be relative to its home,
 * and checks its characters and lengths. 0 or -XEN_EINVAL.
 */
int path_make(char ret_path[STORE_ABSOLUTE + 1], size_t *ret_length,
	      const struct store_client *c, const char *given, size_t length);
/* Length of the path that is the node above it; 0 of the root itself. */
size_t path_above(const char *path, size_t length);
/* Where the element that begins at `from`, a slash, ends. */
size_t path_element(const char *path, size_t length, size_t from);
/* The whole elements among the first n bytes. */
size_t path_whole(const char *path, size_t length, size_t n);

/* Is `string` the path, or under it? */
bool path_holds(const struct store *s, const char *path, size_t length,
		const struct store_string *string);
/* The other way: is the path `string`, or under it? */
bool path_is_under(const struct store *s, const char *path, size_t length,
		   const struct store_string *string);
/* How much of the path, in whole elements, is `string` or above it. */
size_t path_shared(const struct store *s, const char *path, size_t length,
		   const struct store_string *string);

#endif
