/* SPDX-License-Identifier: MIT */
/*
 * A sorted list of symbols, and looking things up in it. Where the list comes
 * from is the business of kallsyms.c; a System.map is read here.
 */
#include "cli/why/symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A name further away than this is another's: what lies there has none. */
#define REACH (UINT64_C(1) << 20)

void symbols_free(struct symbols *s)
{
	free(s->list);
	free(s->names);
	*s = (struct symbols){0};
}

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a;
	const struct symbol *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/* One line of a System.map. Returns what follows it, or NULL. */
static const char *map_line(struct symbols *s, const char *at, const char *end)
{
	struct symbol *symbol = &s->list[s->nr];
	const char *newline = memchr(at, '\n', (size_t)(end - at));
	char *rest;

	if (newline == NULL || newline - at < 20 || at[16] != ' ' ||
	    at[18] != ' ') {
		return NULL;
	}
	symbol->address = strtoull(at, &rest, 16);
	if (rest != at + 16) {
		return NULL;
	}
	symbol->type = at[17];
	symbol->name = (uint32_t)s->names_size;
	memcpy(s->names + s->names_size, at + 19, (size_t)(newline - at - 19));
	s->names_size += (size_t)(newline - at - 19);
	s->names[s->names_size++] = '\0';
	s->nr++;
	return newline + 1;
}

bool symbols_look_right(const char *head, size_t size)
{
	if (size < SYMBOLS_HEAD) {
		return false;
	}
	return memcmp(head, "\177ELF", 4) == 0 ||
	       (strspn(head, "0123456789abcdefABCDEF") == 16 &&
		head[16] == ' ' && head[18] == ' ');
}

void symbols_sort(struct symbols *s)
{
	qsort(s->list, s->nr, sizeof(*s->list), by_address);
}

bool symbols_from_map(struct symbols *s, const char *text, size_t size)
{
	const char *end = text + size;
	size_t lines = 0;

	for (size_t i = 0; i < size; i++) {
		lines += text[i] == '\n';
	}
	*s = (struct symbols){
		.list = calloc(lines + 1, sizeof(*s->list)),
		.names = malloc(size + 1),
	};
	while (s->list != NULL && s->names != NULL && text != NULL &&
	       text < end) {
		text = map_line(s, text, end);
	}
	if (s->nr == 0 || text == NULL) {
		symbols_free(s);
		return false;
	}
	symbols_sort(s);
	return true;
}

/* The last symbol at or below the address, or NULL. */
static const struct symbol *below(const struct symbols *s, uint64_t address)
{
	size_t low = 0;
	size_t high = s->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->list[middle].address <= address) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low == 0 ? NULL : &s->list[low - 1];
}

static bool is_code(const struct symbol *symbol)
{
	return strchr("tTwW", symbol->type) != NULL;
}

const char *symbols_find(const struct symbols *s, uint64_t address,
			 uint64_t *ret_offset)
{
	const struct symbol *found = below(s, address);

	if (found == NULL || address - found->address >= REACH) {
		return NULL;
	}
	/* Of several names of one address, the first one that is code. */
	while (found > s->list && found[-1].address == found->address &&
	       is_code(&found[-1])) {
		found--;
	}
	*ret_offset = address - found->address;
	return s->names + found->name;
}

const char *symbols_format(const struct symbols *s, uint64_t address,
			   char *text, size_t size)
{
	uint64_t offset = 0;
	const char *name = symbols_find(s, address, &offset);

	if (name == NULL) {
		snprintf(text, size, "%#llx", (unsigned long long)address);
	} else {
		snprintf(text, size, "%s+%#llx", name,
			 (unsigned long long)offset);
	}
	return text;
}

bool symbols_is_text(const struct symbols *s, uint64_t address)
{
	const struct symbol *found = below(s, address);

	return found != NULL && address - found->address < REACH &&
	       is_code(found);
}
