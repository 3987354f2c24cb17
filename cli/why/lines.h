/* SPDX-License-Identifier: MIT */
/* Which line of which file is an address of: of an ELF with DWARF. */
#ifndef PW_CLI_WHY_LINES_H
#define PW_CLI_WHY_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lines;

/* The bytes must outlive the result. NULL: no DWARF that can be read. */
struct lines *lines_open(const uint8_t *elf, size_t size);
void lines_close(struct lines *l);

/*
 * The file as the compiler was given it, relative to where it ran, is l's
 * until it is closed. False: nothing is known of the address; l may be NULL.
 */
bool lines_find(struct lines *l, uint64_t address, const char **ret_file,
		unsigned int *ret_line);

#endif
