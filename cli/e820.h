/* SPDX-License-Identifier: MIT */
/* A memory map for a guest, from a file. */
#ifndef PW_CLI_E820_H
#define PW_CLI_E820_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define E820_PIECES 32 /* DOMAIN_MAP_ENTRIES in hv/domain/config.h */

struct e820_piece {
	uint64_t addr;
	uint64_t size;
	uint32_t type;
};

struct e820_map {
	struct e820_piece piece[E820_PIECES];
	unsigned int nr;
};

/*
 * Lines as Linux or Xen prints them at boot, or START END TYPE; END is the last
 * byte. False: a line in error.
 */
bool e820_read(struct e820_map *map, const char *path, char *error,
	       size_t size);

#endif
