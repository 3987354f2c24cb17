/* SPDX-License-Identifier: MIT */
/*
 * From pfn to machine memory. Runs are sorted and without holes, so that the
 * run of a pfn is found by halving, and what is contiguous by pfn is split
 * only where a run ends.
 */
#include "builder/guest_memory.h"

#include <string.h>

struct guest_cursor guest_cursor_at(const struct build_memory *memory,
				    pfn_t frame)
{
	unsigned int low = 0;
	unsigned int high = memory->nr_runs;

	/* The last run that begins at or below the frame. */
	while (high - low > 1) {
		unsigned int middle = low + (high - low) / 2;

		if (memory->runs[middle].pfn.v <= frame.v) {
			low = middle;
		} else {
			high = middle;
		}
	}
	return (struct guest_cursor){
		.run = &memory->runs[low],
		.offset = frame.v - memory->runs[low].pfn.v,
	};
}

mfn_t build_mfn(const struct build_memory *memory, pfn_t frame)
{
	struct guest_cursor c = guest_cursor_at(memory, frame);

	return guest_cursor_mfn(&c);
}

void *guest_span(const struct build_memory *memory, pfn_t frame, uint64_t nr,
		 uint64_t *ret_nr)
{
	struct guest_cursor c = guest_cursor_at(memory, frame);
	uint64_t left = c.run->nr - c.offset;

	*ret_nr = nr < left ? nr : left;
	return memory->ram + mfn_to_maddr(guest_cursor_mfn(&c)).v;
}

void *guest_page(const struct build_memory *memory, pfn_t frame)
{
	uint64_t one;

	return guest_span(memory, frame, 1, &one);
}

/* Copies, or zeros with from NULL. */
static void put_bytes(const struct build_memory *memory, paddr_t to,
		      const uint8_t *from, uint64_t size)
{
	while (size > 0) {
		uint64_t offset = page_offset(to.v);
		uint64_t nr;
		uint8_t *at = guest_span(memory, paddr_to_pfn(to),
					 (offset + size + PAGE_OFFSET_MASK) >>
						 PAGE_SHIFT,
					 &nr);
		uint64_t n = (nr << PAGE_SHIFT) - offset;

		n = n < size ? n : size;
		if (from != NULL) {
			memcpy(at + offset, from, n);
			from += n;
		} else {
			memset(at + offset, 0, n);
		}
		to.v += n;
		size -= n;
	}
}

void guest_copy(const struct build_memory *memory, paddr_t to,
		const uint8_t *from, uint64_t size)
{
	put_bytes(memory, to, from, size);
}

void guest_zero(const struct build_memory *memory, paddr_t to, uint64_t size)
{
	put_bytes(memory, to, NULL, size);
}
