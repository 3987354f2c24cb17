/* SPDX-License-Identifier: MIT */
/*
 * A small region allocator for the time before the kernel has one: which
 * frames are memory, and which of them are taken. All units are frames
 * (pfn); ranges are half open, [start, end). Regions are kept sorted, apart
 * and merged, in arrays: there is nothing to allocate them from.
 */
#ifndef PAGEWARDEN_MEMBLOCK_H
#define PAGEWARDEN_MEMBLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/addr.h"

#define MEMBLOCK_MAX_REGIONS 256

struct region {
	pfn_t start;
	pfn_t end;
};

struct region_list {
	unsigned int nr;
	struct region region[MEMBLOCK_MAX_REGIONS];
};

struct memblock {
	struct region_list memory;
	struct region_list reserved;
};

void memblock_init(struct memblock *m);

/*
 * Add to and remove from the memory; take and give back. Parts that already
 * are as asked do no harm. Return 0; -XEN_EINVAL for a range that is empty or
 * runs backwards; -XEN_ENOSPC if there would be more regions than fit, and
 * then nothing has changed.
 */
int memblock_add(struct memblock *m, pfn_t start, pfn_t end);
int memblock_remove(struct memblock *m, pfn_t start, pfn_t end);
int memblock_reserve(struct memblock *m, pfn_t start, pfn_t end);
int memblock_free(struct memblock *m, pfn_t start, pfn_t end);

bool memblock_is_memory(const struct memblock *m, pfn_t frame);
bool memblock_is_reserved(const struct memblock *m, pfn_t frame);
/* Frames that are memory; frames that are memory and not reserved. */
uint64_t memblock_nr_memory(const struct memblock *m);
uint64_t memblock_nr_free(const struct memblock *m);
/* The first frame above all memory; 0 if there is none. */
pfn_t memblock_end(const struct memblock *m);

enum memblock_from {
	MEMBLOCK_LOW,  /* the lowest fit */
	MEMBLOCK_HIGH, /* the highest */
};

/*
 * Finds nr contiguous free frames in [low, high), the first a multiple of
 * align (a power of two). Takes nothing. Returns 0 with the first frame in
 * *ret, -XEN_ENOMEM if there is no such place, -XEN_EINVAL for nr 0.
 */
int memblock_find(const struct memblock *m, pfn_t low, pfn_t high, uint64_t nr,
		  uint64_t align, enum memblock_from from, pfn_t *ret);
/* The same, and reserves it. */
int memblock_alloc(struct memblock *m, pfn_t low, pfn_t high, uint64_t nr,
		   uint64_t align, enum memblock_from from, pfn_t *ret);

/*
 * Iterate upwards: the first stretch at or after *cursor, cut to begin there;
 * sets *cursor to its end. Start with pfn(0); false when there is no more.
 */
bool memblock_next_memory(const struct memblock *m, pfn_t *cursor,
			  struct region *ret);
bool memblock_next_free(const struct memblock *m, pfn_t *cursor,
			struct region *ret);

/* The same on one list; the two above are made of these. */
int region_add(struct region_list *list, pfn_t start, pfn_t end);
int region_remove(struct region_list *list, pfn_t start, pfn_t end);
bool region_has(const struct region_list *list, pfn_t frame);
/* The region that contains the frame, or NULL. */
const struct region *region_find(const struct region_list *list, pfn_t frame);

#endif
