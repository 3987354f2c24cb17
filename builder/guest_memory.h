/* SPDX-License-Identifier: MIT */
/* The memory of a domain, by pfn; runs and bounds are the caller's to check. */
#ifndef PW_BUILDER_GUEST_MEMORY_H
#define PW_BUILDER_GUEST_MEMORY_H

#include <stdint.h>

#include "abi/addr.h"
#include "builder/build.h"

/*
 * Where a frame is in machine memory, and how many of the nr frames from it
 * on follow each other there (at least 1).
 */
void *guest_span(const struct build_memory *memory, pfn_t frame, uint64_t nr,
		 uint64_t *ret_nr);
void *guest_page(const struct build_memory *memory, pfn_t frame);
void guest_copy(const struct build_memory *memory, paddr_t to,
		const uint8_t *from, uint64_t size);
void guest_zero(const struct build_memory *memory, paddr_t to, uint64_t size);

/* Walks pfns upwards without looking up each. */
struct guest_cursor {
	const struct pfn_run *run;
	uint64_t offset; /* in the run */
};

struct guest_cursor guest_cursor_at(const struct build_memory *memory,
				    pfn_t frame);

static inline mfn_t guest_cursor_mfn(const struct guest_cursor *c)
{
	return mfn_add(c->run->mfn, c->offset);
}

/*
 * Goes on by nr frames, or to the end of the run if that is nearer; returns
 * by how many. Past the last run the cursor must not be read.
 */
static inline uint64_t guest_cursor_advance(struct guest_cursor *c, uint64_t nr)
{
	uint64_t left = c->run->nr - c->offset;

	if (nr < left) {
		c->offset += nr;
		return nr;
	}
	c->run++;
	c->offset = 0;
	return left;
}

#endif
