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
#include "pagewarden/declare.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GUEST_MEMBLOCK_MAX_REGIONS 256

struct guest_region {
	pfn_t start;
	pfn_t end;
};

struct guest_region_list {
	unsigned int nr;
	struct guest_region region[GUEST_MEMBLOCK_MAX_REGIONS];
};

struct guest_memblock {
	struct guest_region_list memory;
	struct guest_region_list reserved;
};

/* No memory, nothing reserved. */
void guest_memblock_init(struct guest_memblock *m);

/*
 * Frames [start, end) are memory. Parts that already are as asked do no harm,
 * here and in the next three. Returns 0; -XEN_EINVAL for a range that is empty
 * or runs backwards; -XEN_ENOSPC if there would be more regions than fit, and
 * then nothing has changed.
 */
GUEST_MUST_CHECK int guest_memblock_add(struct guest_memblock *m, pfn_t start,
					pfn_t end);
/* Frames [start, end) are not memory. Errors as guest_memblock_add. */
GUEST_MUST_CHECK int guest_memblock_remove(struct guest_memblock *m,
					   pfn_t start, pfn_t end);
/* Frames [start, end) are taken. Errors as guest_memblock_add. */
GUEST_MUST_CHECK int guest_memblock_reserve(struct guest_memblock *m,
					    pfn_t start, pfn_t end);
/* Frames [start, end) are given back. Errors as guest_memblock_add. */
GUEST_MUST_CHECK int guest_memblock_free(struct guest_memblock *m, pfn_t start,
					 pfn_t end);

/* Is the frame memory, reserved or not? */
bool guest_memblock_is_memory(const struct guest_memblock *m, pfn_t frame);
/* Is it reserved, memory or not? */
bool guest_memblock_is_reserved(const struct guest_memblock *m, pfn_t frame);
/* How many frames are memory. */
uint64_t guest_memblock_nr_memory(const struct guest_memblock *m);
/* How many frames are memory and not reserved. */
uint64_t guest_memblock_nr_free(const struct guest_memblock *m);
/* The first frame above all memory; 0 if there is none. */
pfn_t guest_memblock_end(const struct guest_memblock *m);

enum guest_memblock_from {
	GUEST_MEMBLOCK_LOW,  /* the lowest fit */
	GUEST_MEMBLOCK_HIGH, /* the highest */
};

/*
 * Finds nr contiguous free frames in [low, high), the first a multiple of
 * align frames (a power of two). Takes nothing. Returns 0 with the first frame
 * in *ret, -XEN_ENOMEM if there is no such place, -XEN_EINVAL for nr 0 or
 * another align.
 */
GUEST_MUST_CHECK int guest_memblock_find(const struct guest_memblock *m,
					 pfn_t low, pfn_t high, uint64_t nr,
					 uint64_t align,
					 enum guest_memblock_from from,
					 pfn_t *ret);
/*
 * As guest_memblock_find, nr and align in frames, and reserves what it finds;
 * -XEN_ENOSPC as guest_memblock_add.
 */
GUEST_MUST_CHECK int guest_memblock_alloc(struct guest_memblock *m, pfn_t low,
					  pfn_t high, uint64_t nr,
					  uint64_t align,
					  enum guest_memblock_from from,
					  pfn_t *ret);

/*
 * Iterates upwards: the first stretch of memory at or after *cursor, cut to
 * begin there; sets *cursor to its end. Start with pfn(0); false when there is
 * no more.
 */
bool guest_memblock_next_memory(const struct guest_memblock *m, pfn_t *cursor,
				struct guest_region *ret);
/* The same for stretches that are memory and not reserved. */
bool guest_memblock_next_free(const struct guest_memblock *m, pfn_t *cursor,
			      struct guest_region *ret);

/* One list: frames [start, end) are in it. Errors as guest_memblock_add. */
GUEST_MUST_CHECK int guest_region_add(struct guest_region_list *list,
				      pfn_t start, pfn_t end);
/* Frames [start, end) are not in it. Errors as guest_memblock_add. */
GUEST_MUST_CHECK int guest_region_remove(struct guest_region_list *list,
					 pfn_t start, pfn_t end);
/* Is the frame in it? */
bool guest_region_has(const struct guest_region_list *list, pfn_t frame);
/* The region that contains the frame, or NULL. */
const struct guest_region *guest_region_find(
	const struct guest_region_list *list, pfn_t frame);

#ifdef __cplusplus
}
#endif

#endif
