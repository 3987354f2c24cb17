/* SPDX-License-Identifier: MIT */
/*
 * Linux's kallsyms, found in a kernel's bytes without any symbol that would
 * tell where they are (linux/scripts/kallsyms.c, of 6.1 and 6.12, writes them).
 *
 * The way in is the token table: 256 strings, of which those of the digits are
 * the digits, and behind it its index of 256 offsets, which must agree with
 * the strings. In front of it stand, in both layouts, the number of symbols,
 * the compressed names and a marker for each 256th of them; the markers prove
 * the number. Offsets and their base stand in front of the number (6.1) or
 * behind the token index (6.4 and later).
 *
 * Every read is bounded by the image; what does not agree is no table.
 */
#define _GNU_SOURCE /* memmem */

#include <stdlib.h>
#include <string.h>

#include "cli/why/symbols.h"

#define TOKENS 256
#define MIN_SYMBOLS 64
#define MAX_SYMBOLS (UINT32_C(1) << 22)
#define MAX_NAME 512
#define KERNEL_HALF (UINT64_C(0xffffffff) << 32)

struct tables {
	const uint8_t *image;
	size_t size;
	size_t token_table; /* offsets into the image */
	size_t token_index;
	size_t nr_at; /* of the number of symbols */
	size_t names;
	size_t offsets;
	uint64_t base;
	uint32_t nr;
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

static uint64_t get64(const uint8_t *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

static size_t align8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

/* Token '0' stands here? Then the table begins 48 strings earlier. */
static bool find_start(const struct tables *t, size_t digit, size_t *ret_start)
{
	size_t at = digit;

	for (unsigned int i = 0; i < '0'; i++) {
		size_t end;

		if (at < 2) {
			return false;
		}
		end = --at; /* the NUL of the string before */
		while (at > 0 && t->image[at - 1] != '\0') {
			at--;
			if (end - at > MAX_NAME) {
				return false;
			}
		}
		if (end == at) {
			return false; /* no token is empty */
		}
	}
	*ret_start = at;
	return true;
}

/* The index behind the strings says where each of them begins. */
static bool check_index(struct tables *t, size_t start)
{
	uint16_t begins[TOKENS];
	size_t at = start;

	for (unsigned int i = 0; i < TOKENS; i++) {
		const uint8_t *end;

		if (at - start > UINT16_MAX || at >= t->size) {
			return false;
		}
		begins[i] = (uint16_t)(at - start);
		end = memchr(t->image + at, '\0', t->size - at);
		if (end == NULL) {
			return false;
		}
		at = (size_t)(end - t->image) + 1;
	}
	at = align8(at);
	if (at > t->size || t->size - at < sizeof(begins)) {
		return false;
	}
	for (unsigned int i = 0; i < TOKENS; i++) {
		if (get16(t->image + at + 2 * i) != begins[i]) {
			return false;
		}
	}
	t->token_table = start;
	t->token_index = at;
	return true;
}

static bool find_tokens(struct tables *t)
{
	static const char digits[] = "0\0001\0002\0003\0004\0005\0006\0007\0008"
				     "\0009";
	const uint8_t *at = t->image;
	size_t left = t->size;
	size_t start;

	while ((at = memmem(at, left, digits, sizeof(digits))) != NULL) {
		if (find_start(t, (size_t)(at - t->image), &start) &&
		    check_index(t, start)) {
			return true;
		}
		at++;
		left = t->size - (size_t)(at - t->image);
	}
	return false;
}

/* Length of the compressed name at *at, which is moved to its bytes. */
static size_t name_length(const struct tables *t, size_t *at)
{
	size_t length = t->image[(*at)++];

	if (length & 0x80) {
		length = (length & 0x7f) | (size_t)t->image[(*at)++] << 7;
	}
	return length;
}

/*
 * Are there nr names at `names`, and behind them the markers that say where
 * each 256th of them is?
 */
static bool check_names(const struct tables *t, size_t names, uint32_t nr)
{
	size_t nr_markers = (nr + 255) / 256;
	uint32_t *marker = malloc(nr_markers * sizeof(*marker));
	size_t at = names;
	bool ok = marker != NULL;

	for (uint32_t i = 0; ok && i < nr; i++) {
		size_t length;

		if (i % 256 == 0) {
			marker[i / 256] = (uint32_t)(at - names);
		}
		if (at + 2 > t->token_table) {
			ok = false;
			break;
		}
		length = name_length(t, &at);
		ok = length != 0 && length < t->token_table - at;
		at += length;
	}
	at = align8(at);
	ok = ok && at < t->token_table && t->token_table - at >= nr_markers * 4;
	for (size_t i = 0; ok && i < nr_markers; i++) {
		ok = get32(t->image + at + 4 * i) == marker[i];
	}
	free(marker);
	return ok;
}

/* Backwards from the tokens: a number that its names and markers prove. */
static bool find_names(struct tables *t)
{
	for (size_t at = (t->token_table & ~(size_t)7); at >= 8; at -= 8) {
		size_t room = t->token_table - at;
		uint32_t nr = get32(t->image + at);

		if (nr < MIN_SYMBOLS || nr > MAX_SYMBOLS || nr > room / 3 ||
		    room / nr > 64 || get32(t->image + at + 4) != 0) {
			continue;
		}
		if (check_names(t, at + 8, nr)) {
			t->nr = nr;
			t->nr_at = at;
			t->names = at + 8;
			return true;
		}
	}
	return false;
}

/* Offsets and base at these places? */
static bool take_offsets(struct tables *t, size_t offsets, size_t base)
{
	if (base > t->size || t->size - base < 8 ||
	    (get64(t->image + base) & KERNEL_HALF) != KERNEL_HALF) {
		return false;
	}
	t->offsets = offsets;
	t->base = get64(t->image + base);
	return true;
}

static bool find_offsets(struct tables *t)
{
	size_t bytes = align8((size_t)t->nr * 4);
	size_t behind = align8(t->token_index + 2 * TOKENS);

	if (t->nr_at >= bytes + 8 &&
	    take_offsets(t, t->nr_at - 8 - bytes, t->nr_at - 8)) {
		return true;
	}
	return behind < t->size && t->size - behind > bytes &&
	       take_offsets(t, behind, behind + bytes);
}

/* Negative offsets count down from the base; others are no kernel text. */
static uint64_t address_of(const struct tables *t, uint32_t index)
{
	int32_t offset =
		(int32_t)get32(t->image + t->offsets + 4 * (size_t)index);

	return offset < 0 ? t->base - 1 - (uint64_t)(int64_t)offset
			  : (uint64_t)offset;
}

/* The tokens of a name, as text. The first character is the symbol's type. */
static bool expand(const struct tables *t, size_t *at, char *name)
{
	size_t length = name_length(t, at);
	size_t used = 0;

	for (; length > 0; length--) {
		const char *token = (const char *)t->image + t->token_table +
				    get16(t->image + t->token_index +
					  2 * (size_t)t->image[(*at)++]);
		size_t n = strlen(token);

		if (used + n >= MAX_NAME) {
			return false;
		}
		memcpy(name + used, token, n);
		used += n;
	}
	name[used] = '\0';
	return used > 1;
}

static bool add(struct symbols *s, uint64_t address, const char *name,
		size_t *room)
{
	size_t n = strlen(name); /* the NUL takes the type's place */

	if (s->names_size + n > *room) {
		char *larger = realloc(s->names, *room * 2 + n);

		if (larger == NULL) {
			return false;
		}
		s->names = larger;
		*room = *room * 2 + n;
	}
	s->list[s->nr++] = (struct symbol){
		.address = address,
		.name = (uint32_t)s->names_size,
		.type = name[0],
	};
	memcpy(s->names + s->names_size, name + 1, n);
	s->names_size += n;
	return true;
}

static bool read_all(const struct tables *t, struct symbols *s)
{
	size_t at = t->names;
	size_t room = 1 << 20;
	char name[MAX_NAME];

	s->list = calloc(t->nr, sizeof(*s->list));
	s->names = malloc(room);
	if (s->list == NULL || s->names == NULL) {
		return false;
	}
	for (uint32_t i = 0; i < t->nr; i++) {
		if (!expand(t, &at, name) ||
		    !add(s, address_of(t, i), name, &room)) {
			return false;
		}
	}
	symbols_sort(s);
	return true;
}

bool symbols_from_kernel(struct symbols *s, const uint8_t *image, size_t size)
{
	struct tables t = {.image = image, .size = size};

	*s = (struct symbols){0};
	if (find_tokens(&t) && find_names(&t) && find_offsets(&t) &&
	    read_all(&t, s)) {
		return true;
	}
	symbols_free(s);
	return false;
}
