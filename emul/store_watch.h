/* SPDX-License-Identifier: MIT */
/* Who hears of changes, and what waits to be told. */
#ifndef PW_EMUL_STORE_WATCH_H
#define PW_EMUL_STORE_WATCH_H

#include "emul/store.h"

/*
 * The node has changed; or, `removed`, it is about to go with all below it, and
 * watches on that hear of it as well.
 */
void watch_fire(struct store *s, uint16_t number, const char *path,
		size_t length, bool removed);
/* The same of "@introduceDomain" and "@releaseDomain". */
void watch_fire_special(struct store *s, const char *name);

/*
 * Path as it is kept, and token. 0, -XEN_EEXIST, -XEN_E2BIG or -XEN_ENOMEM. It
 * fires once at its birth.
 */
int watch_add(struct store *s, struct store_client *c,
	      const struct store_watch *kind, const char *path, size_t length,
	      const char *token, size_t token_length);
/* 0 or -XEN_ENOENT. */
int watch_remove(struct store *s, struct store_client *c, const char *path,
		 size_t length, const char *token, size_t token_length);
void watch_remove_all(struct store *s, struct store_client *c);

/* The next event that waits becomes a message; false: there is none. */
bool watch_tell(struct store *s, struct store_client *c);

#endif
