/* SPDX-License-Identifier: MIT */
/* The memory map that the hypervisor (or the firmware) gives. Units: bytes. */
#ifndef PAGEWARDEN_E820_H
#define PAGEWARDEN_E820_H

#include <stdint.h>

#include "abi/addr.h"
#include "pagewarden/declare.h"

#ifdef __cplusplus
extern "C" {
#endif

struct guest;
struct guest_memblock;

#define GUEST_E820_MAX_ENTRIES 128
#define GUEST_E820_RAM 1
#define GUEST_E820_RESERVED 2

/* As XENMEM_memory_map fills it. */
struct guest_e820_entry {
	uint64_t addr;
	uint64_t size;
	uint32_t type;
} __attribute__((packed));

struct guest_e820_map {
	unsigned int nr;
	struct guest_e820_entry entry[GUEST_E820_MAX_ENTRIES];
};

/*
 * Checks that the map makes sense for a guest of nr_pages frames, and brings
 * it in order: entries of one type that touch become one, the edges of RAM
 * inside a page are given to what is not RAM.
 *
 * Returns 0, or -XEN_EINVAL with a message in the guest for: no entry, an entry
 * of size 0, one that wraps around, entries that overlap or are not sorted,
 * RAM at or above nr_pages, and frames below nr_pages that no entry describes.
 */
GUEST_MUST_CHECK int guest_e820_sanitise(struct guest *g,
					 struct guest_e820_map *map,
					 uint64_t nr_pages);

/*
 * Tells the allocator: RAM is memory, and the ISA hole (640 KiB to 1 MiB) is
 * reserved. The map must be sane. Returns 0, or -XEN_ENOSPC if the allocator
 * has no room for so many regions.
 */
GUEST_MUST_CHECK int guest_e820_to_memblock(struct guest *g,
					    const struct guest_e820_map *map,
					    struct guest_memblock *m);

#ifdef __cplusplus
}
#endif

#endif
