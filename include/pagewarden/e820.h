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
 * Checks that the map makes sense, and brings it in order: entries of one type
 * that touch become one, the edges of RAM inside a page are given to what is
 * not RAM. What no entry describes is not RAM; RAM may be where the guest has
 * no frames yet, and there may be frames where there is no RAM.
 *
 * Returns 0, or -XEN_EINVAL with a message in the guest for: no entry, an entry
 * of size 0, one that wraps around, entries that overlap or are not sorted.
 */
GUEST_MUST_CHECK int guest_e820_sanitise(struct guest *g,
					 struct guest_e820_map *map);

/* The first frame at or after one that is RAM, in a sane map; or PFN_INVALID.
 */
pfn_t guest_e820_next_ram(const struct guest_e820_map *map, pfn_t from);
/* Where RAM ends in a sane map, of that below a frame; 0: there is none. */
pfn_t guest_e820_ram_end(const struct guest_e820_map *map, pfn_t most);

/*
 * Tells the allocator: RAM below frame nr_pages is memory, and the ISA hole
 * (640 KiB to 1 MiB) is reserved. The map must be sane. Returns 0, or
 * -XEN_ENOSPC if the allocator has no room for so many regions.
 */
GUEST_MUST_CHECK int guest_e820_to_memblock(struct guest *g,
					    const struct guest_e820_map *map,
					    uint64_t nr_pages,
					    struct guest_memblock *m);

#ifdef __cplusplus
}
#endif

#endif
