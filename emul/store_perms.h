/* SPDX-License-Identifier: MIT */
/* Who may do what with a node. */
#ifndef PW_EMUL_STORE_PERMS_H
#define PW_EMUL_STORE_PERMS_H

#include "emul/store.h"

/* What the client may, of STORE_READ, STORE_WRITE and STORE_OWN. */
unsigned int perms_of(const struct store *s, const struct store_client *c,
		      const struct store_perms *perms);
/* Those of a node that the client makes below one with these. */
struct store_perms perms_inherited(const struct store_client *c,
				   const struct store_perms *above);
/* A list of strings, each with its NUL. 0, -XEN_EINVAL or -XEN_ENOSPC. */
int perms_parse(struct store_perms *ret_perms, const char *list, size_t size);
/* The same back; returns its length. */
#define PERMS_TEXT (STORE_PERMS * 8)
size_t perms_print(const struct store_perms *perms, char ret_list[PERMS_TEXT]);
/* The domain is gone: it stands in no list, and owns nothing. */
bool perms_forget(struct store_perms *perms, uint16_t domid);

#endif
