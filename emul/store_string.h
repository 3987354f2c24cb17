/* SPDX-License-Identifier: MIT */
/* Strings of the store, in pieces of one size that a client has a number of. */
#ifndef PW_EMUL_STORE_STRING_H
#define PW_EMUL_STORE_STRING_H

#include "emul/store.h"

/* Of what a NUL ends; and within size bytes, -1: none does. */
static inline size_t string_length(const char *text)
{
	size_t length = 0;

	while (text[length] != '\0') {
		length++;
	}
	return length;
}

static inline long string_end(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '\0') {
			return (long)i;
		}
	}
	return -1;
}

void string_init(struct store_client *c);
static inline unsigned int string_pieces(size_t length)
{
	return (unsigned int)((length + STORE_PIECE - 1) / STORE_PIECE);
}

/* Has the client room for so many pieces more? */
static inline bool string_room(const struct store_client *c, unsigned int nr)
{
	return nr <= STORE_PIECES - (unsigned int)c->nr_pieces;
}

/* The client has room for it. */
struct store_string string_make(struct store_client *c, const char *bytes,
				size_t length);
void string_free(struct store *s, struct store_string *string);
/* All of it, without a NUL. */
void string_copy(const struct store *s, const struct store_string *string,
		 char *to);
bool string_is(const struct store *s, const struct store_string *string,
	       const char *bytes, size_t length);
/* How many bytes both begin with. */
size_t string_common(const struct store *s, const struct store_string *string,
		     const char *bytes, size_t length);
char string_at(const struct store *s, const struct store_string *string,
	       size_t at);

#endif
