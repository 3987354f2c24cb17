/* SPDX-License-Identifier: MIT */
/* Between the files of the store: the messages that it writes. */
#ifndef PW_EMUL_STORE_MESSAGE_H
#define PW_EMUL_STORE_MESSAGE_H

#include "emul/store.h"

#include <xen/io/xs_wire.h>

_Static_assert(sizeof(struct xsd_sockmsg) == STORE_HEADER, "wire format");

/* One request, in the input buffer. */
struct store_message {
	struct xsd_sockmsg header;
	const char *payload;
	size_t length;
};

size_t store_length(const char *string);
/* Decimal digits with their NUL; returns the length without it. */
size_t store_format_number(char ret_digits[12], uint32_t n);

/* A message is begun, filled by store_put_bytes(), and finished. */
uint32_t store_begin_message(struct store *s, uint32_t type,
			     const struct xsd_sockmsg *request);
void store_put_bytes(struct store *s, const void *bytes, size_t n);
void store_finish_message(struct store *s, uint32_t at);

void store_reply(struct store *s, const struct store_message *r,
		 const void *bytes, size_t n);
void store_put_event(struct store *s, const struct store_watch *w,
		     const char *path);

/* Is there room to note one more change of this tree? */
bool store_may_change(const struct store *s, const struct store_tree *t);
void store_changed(struct store *s, const struct store_tree *t,
		   const char *path, bool removed);
void store_note_change(struct store_change *list, unsigned int *nr,
		       const char *path, bool removed);

/* Carries it out and answers it. Negative errno: neither. */
int store_request(struct store *s, const struct store_message *r);

#endif
