/* SPDX-License-Identifier: MIT */
/*
 * Names of a kernel's addresses: from the tables that every Linux carries for
 * its own reports (kallsyms), from an ELF's symbol table, or a System.map.
 */
#ifndef PW_CLI_WHY_SYMBOLS_H
#define PW_CLI_WHY_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol {
	uint64_t address;
	uint32_t name; /* offset into struct symbols' names */
	char type;     /* as nm prints it */
};

/* All-zero: no symbols; looking up then finds nothing. */
struct symbols {
	struct symbol *list; /* by address */
	size_t nr;
	char *names; /* each ends in NUL */
	size_t names_size;
};

/*
 * Finds the tables in a kernel's image (the unpacked ELF's bytes, all of it
 * untrusted). False, and *s all-zero: there are none, or memory is short.
 */
bool symbols_from_kernel(struct symbols *s, const uint8_t *image, size_t size);
/* A System.map: lines of address, type, name. False: it is none. */
bool symbols_from_map(struct symbols *s, const char *text, size_t size);
/* An ELF's own symbol table. False: it has none. */
bool symbols_from_elf(struct symbols *s, const uint8_t *file, size_t size);
/*
 * Does a file that begins so look like an ELF or a System.map? SYMBOLS_HEAD
 * bytes of it, if it has as many.
 */
#define SYMBOLS_HEAD 20
bool symbols_look_right(const char *head, size_t size);
void symbols_free(struct symbols *s);
/* For those who fill a list. */
void symbols_sort(struct symbols *s);

/* The function or object that holds the address, or NULL. */
const char *symbols_find(const struct symbols *s, uint64_t address,
			 uint64_t *ret_offset);
/* "name+0x1c0", or the address in hexadecimal. Returns `text`. */
const char *symbols_format(const struct symbols *s, uint64_t address,
			   char *text, size_t size);
/* Is this code of the kernel's? */
bool symbols_is_text(const struct symbols *s, uint64_t address);

#endif
