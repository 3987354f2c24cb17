/* SPDX-License-Identifier: MIT */
/*
 * Strings in pieces. A client has a table of pieces and a list of the free
 * ones, so a string of any length is made in as many steps as it has pieces,
 * nothing is ever moved, and no client can take what another one needs. Who
 * makes a string has asked for room first.
 */
#include "emul/store_string.h"

#define NO_PIECE UINT16_MAX

void string_init(struct store_client *c)
{
	for (uint16_t i = 0; i < STORE_PIECES; i++) {
		c->piece[i].next = (uint16_t)(i + 1);
	}
	c->piece[STORE_PIECES - 1].next = NO_PIECE;
	c->free_piece = 0;
	c->nr_pieces = 0;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

struct store_string string_make(struct store_client *c, const char *bytes,
				size_t length)
{
	struct store_string string = {
		.length = (uint16_t)length,
		.first = NO_PIECE,
		.payer = c->number,
	};
	uint16_t *link = &string.first;

	for (size_t at = 0; at < length; at += STORE_PIECE) {
		const uint16_t i = c->free_piece;
		struct store_piece *p = &c->piece[i];

		c->free_piece = p->next;
		c->nr_pieces++;
		__builtin_memcpy(p->bytes, bytes + at,
				 smaller(STORE_PIECE, length - at));
		p->next = NO_PIECE;
		*link = i;
		link = &p->next;
	}
	return string;
}

void string_free(struct store *s, struct store_string *string)
{
	struct store_client *c = s->client[string->payer];
	uint16_t i = string->first;

	if (string->length == 0) {
		return;
	}
	while (i != NO_PIECE) {
		const uint16_t next = c->piece[i].next;

		c->piece[i].next = c->free_piece;
		c->free_piece = i;
		c->nr_pieces--;
		i = next;
	}
	string->length = 0;
}

void string_copy(const struct store *s, const struct store_string *string,
		 char *to)
{
	const struct store_client *c = s->client[string->payer];
	uint16_t i = string->first;

	for (size_t at = 0; at < string->length; at += STORE_PIECE) {
		__builtin_memcpy(to + at, c->piece[i].bytes,
				 smaller(STORE_PIECE, string->length - at));
		i = c->piece[i].next;
	}
}

size_t string_common(const struct store *s, const struct store_string *string,
		     const char *bytes, size_t length)
{
	const struct store_client *c = s->client[string->payer];
	const size_t end = smaller(string->length, length);
	uint16_t i = string->first;
	size_t at = 0;

	while (at < end) {
		const struct store_piece *p = &c->piece[i];
		const size_t n = smaller(STORE_PIECE, end - at);

		if (__builtin_memcmp(p->bytes, bytes + at, n) != 0) {
			for (size_t k = 0; p->bytes[k] == (uint8_t)bytes[at];
			     k++) {
				at++;
			}
			return at;
		}
		at += n;
		i = p->next;
	}
	return end;
}

bool string_is(const struct store *s, const struct store_string *string,
	       const char *bytes, size_t length)
{
	return string->length == length &&
	       string_common(s, string, bytes, length) == length;
}

char string_at(const struct store *s, const struct store_string *string,
	       size_t at)
{
	const struct store_client *c = s->client[string->payer];
	uint16_t i = string->first;

	for (; at >= STORE_PIECE; at -= STORE_PIECE) {
		i = c->piece[i].next;
	}
	return (char)c->piece[i].bytes[at];
}
