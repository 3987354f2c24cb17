/* SPDX-License-Identifier: MIT */
/*
 * RAM before the engine has it: what is there, what is still free. All ranges
 * are of whole pages.
 */
#ifndef PW_HV_MM_MEMORY_H
#define PW_HV_MM_MEMORY_H

#include <stdint.h>

#include "hv/boot/multiboot.h"

struct memory_map {
	struct boot_range range[BOOT_RANGES]; /* sorted, apart */
	unsigned int nr;
};

extern struct memory_map memory_ram;  /* all of it */
extern struct memory_map memory_free; /* not yet taken */

/* From the firmware's map; keeps off low memory, the image, the modules. */
void memory_init(const struct boot_info *boot);

/* Takes [start, end) out of the free RAM, whatever of it is there. */
void memory_reserve(uint64_t start, uint64_t end);
/*
 * Machine address of `size` bytes below `limit`, aligned, from the top of the
 * highest free range that has them. Halts the machine if there are none.
 */
uint64_t memory_take(uint64_t size, uint64_t align, uint64_t limit);
/* As many as `want` bytes, of the largest range below the limit; what was
 * taken. */
struct boot_range memory_take_some(uint64_t want, uint64_t limit);
/* Gives back what was reserved: it has been written to. */
void memory_give(uint64_t start, uint64_t end);
/*
 * The end of the range about `at` that nobody has written to since the machine
 * was started, firmware and loader included; `at` itself if there is none. What
 * memory_take() took of it is its taker's business.
 */
uint64_t memory_untouched(uint64_t at);

uint64_t memory_pages(const struct memory_map *map);
/* Where RAM ends. */
uint64_t memory_end(void);

#endif
