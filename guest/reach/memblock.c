/* SPDX-License-Identifier: MIT */
/*
 * Regions in a sorted array: apart (end < next start, strictly, so that what
 * touches is one region) and not empty. Every change goes through
 * region_replace, which puts the array in its new state in one step or, if
 * that does not fit, leaves it alone.
 */
#include "guest/reach/reach.h"
#include "pagewarden/memblock.h"

/* The first region that ends after a frame, or at it, too. */
static inline unsigned int region_search(const struct guest_region_list *list,
					 pfn_t frame, bool at_it)
{
	unsigned int low = 0;
	unsigned int high = list->nr;

	while (low < high) {
		unsigned int middle = low + (high - low) / 2;
		uint64_t end = list->region[middle].end.v;

		if (end < frame.v || (!at_it && end == frame.v)) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

static unsigned int region_lower(const struct guest_region_list *list,
				 pfn_t frame)
{
	return region_search(list, frame, true);
}

/*
 * The one that has the frame, if one has. It is asked of every page of a direct
 * map, and does not go by way of the other.
 */
static unsigned int region_upper(const struct guest_region_list *list,
				 pfn_t frame)
{
	return region_search(list, frame, false);
}

/* Regions [from, to) become the nr ones given (at most 2). */
static int region_replace(struct guest_region_list *list, unsigned int from,
			  unsigned int to, const struct guest_region *with,
			  unsigned int nr)
{
	unsigned int tail = list->nr - to;

	if (from + nr + tail > GUEST_MEMBLOCK_MAX_REGIONS) {
		return -XEN_ENOSPC;
	}
	if (nr > to - from) {
		for (unsigned int i = tail; i-- > 0;) {
			list->region[from + nr + i] = list->region[to + i];
		}
	} else {
		for (unsigned int i = 0; i < tail; i++) {
			list->region[from + nr + i] = list->region[to + i];
		}
	}
	for (unsigned int i = 0; i < nr; i++) {
		list->region[from + i] = with[i];
	}
	list->nr = from + nr + tail;
	return 0;
}

int guest_region_add(struct guest_region_list *list, pfn_t start, pfn_t end)
{
	struct guest_region merged = {start, end};
	unsigned int from;
	unsigned int to;

	if (start.v >= end.v) {
		return -XEN_EINVAL;
	}
	from = region_lower(list, start);
	to = from;
	while (to < list->nr && list->region[to].start.v <= end.v) {
		if (list->region[to].start.v < merged.start.v) {
			merged.start = list->region[to].start;
		}
		if (list->region[to].end.v > merged.end.v) {
			merged.end = list->region[to].end;
		}
		to++;
	}
	return region_replace(list, from, to, &merged, 1);
}

int guest_region_remove(struct guest_region_list *list, pfn_t start, pfn_t end)
{
	struct guest_region left[2];
	unsigned int nr = 0;
	unsigned int from;
	unsigned int to;

	if (start.v >= end.v) {
		return -XEN_EINVAL;
	}
	from = region_upper(list, start);
	to = from;
	while (to < list->nr && list->region[to].start.v < end.v) {
		to++;
	}
	if (to == from) {
		return 0;
	}
	if (list->region[from].start.v < start.v) {
		left[nr++] =
			(struct guest_region){list->region[from].start, start};
	}
	if (list->region[to - 1].end.v > end.v) {
		left[nr++] =
			(struct guest_region){end, list->region[to - 1].end};
	}
	return region_replace(list, from, to, left, nr);
}

const struct guest_region *guest_region_find(
	const struct guest_region_list *list, pfn_t frame)
{
	unsigned int i = region_upper(list, frame);

	if (i < list->nr && list->region[i].start.v <= frame.v) {
		return &list->region[i];
	}
	return NULL;
}

bool guest_region_has(const struct guest_region_list *list, pfn_t frame)
{
	return guest_region_find(list, frame) != NULL;
}

void guest_memblock_init(struct guest_memblock *m)
{
	m->memory.nr = 0;
	m->reserved.nr = 0;
}

int guest_memblock_add(struct guest_memblock *m, pfn_t start, pfn_t end)
{
	return guest_region_add(&m->memory, start, end);
}

int guest_memblock_remove(struct guest_memblock *m, pfn_t start, pfn_t end)
{
	return guest_region_remove(&m->memory, start, end);
}

int guest_memblock_reserve(struct guest_memblock *m, pfn_t start, pfn_t end)
{
	return guest_region_add(&m->reserved, start, end);
}

int guest_memblock_free(struct guest_memblock *m, pfn_t start, pfn_t end)
{
	return guest_region_remove(&m->reserved, start, end);
}

bool guest_memblock_is_memory(const struct guest_memblock *m, pfn_t frame)
{
	return guest_region_has(&m->memory, frame);
}

bool guest_memblock_is_reserved(const struct guest_memblock *m, pfn_t frame)
{
	return guest_region_has(&m->reserved, frame);
}

uint64_t guest_memblock_nr_memory(const struct guest_memblock *m)
{
	uint64_t nr = 0;

	for (unsigned int i = 0; i < m->memory.nr; i++) {
		nr += m->memory.region[i].end.v - m->memory.region[i].start.v;
	}
	return nr;
}

uint64_t guest_memblock_nr_free(const struct guest_memblock *m)
{
	pfn_t cursor = pfn(0);
	struct guest_region r;
	uint64_t nr = 0;

	while (guest_memblock_next_free(m, &cursor, &r)) {
		nr += r.end.v - r.start.v;
	}
	return nr;
}

pfn_t guest_memblock_end(const struct guest_memblock *m)
{
	if (m->memory.nr == 0) {
		return pfn(0);
	}
	return m->memory.region[m->memory.nr - 1].end;
}

bool guest_memblock_next_memory(const struct guest_memblock *m, pfn_t *cursor,
				struct guest_region *ret)
{
	unsigned int i = region_upper(&m->memory, *cursor);

	if (i >= m->memory.nr) {
		return false;
	}
	*ret = m->memory.region[i];
	if (ret->start.v < cursor->v) {
		ret->start = *cursor;
	}
	*cursor = ret->end;
	return true;
}

bool guest_memblock_next_free(const struct guest_memblock *m, pfn_t *cursor,
			      struct guest_region *ret)
{
	pfn_t at = *cursor;
	struct guest_region r;

	while (guest_memblock_next_memory(m, &at, &r)) {
		const struct guest_region *taken =
			guest_region_find(&m->reserved, r.start);
		unsigned int next;

		if (taken != NULL) {
			at = taken->end;
			continue;
		}
		next = region_upper(&m->reserved, r.start);
		if (next < m->reserved.nr &&
		    m->reserved.region[next].start.v < r.end.v) {
			r.end = m->reserved.region[next].start;
		}
		*ret = r;
		*cursor = r.end;
		return true;
	}
	return false;
}

/* The place for nr frames in a free stretch: false if there is none. */
static bool fits(struct guest_region r, uint64_t nr, uint64_t align,
		 enum guest_memblock_from from, pfn_t *ret)
{
	uint64_t first;

	if (r.start.v >= r.end.v || r.end.v - r.start.v < nr) {
		return false;
	}
	if (from == GUEST_MEMBLOCK_HIGH) {
		first = (r.end.v - nr) & ~(align - 1);
	} else {
		first = (r.start.v + align - 1) & ~(align - 1);
	}
	if (first < r.start.v || first > r.end.v - nr) {
		return false;
	}
	*ret = pfn(first);
	return true;
}

int guest_memblock_find(const struct guest_memblock *m, pfn_t low, pfn_t high,
			uint64_t nr, uint64_t align,
			enum guest_memblock_from from, pfn_t *ret)
{
	pfn_t cursor = low;
	struct guest_region r;
	bool found = false;

	if (nr == 0 || align == 0 || (align & (align - 1)) != 0) {
		return -XEN_EINVAL;
	}
	while (guest_memblock_next_free(m, &cursor, &r) && r.start.v < high.v) {
		pfn_t place;

		if (r.end.v > high.v) {
			r.end = high;
		}
		if (!fits(r, nr, align, from, &place)) {
			continue;
		}
		*ret = place;
		found = true;
		if (from == GUEST_MEMBLOCK_LOW) {
			break;
		}
	}
	return found ? 0 : -XEN_ENOMEM;
}

int guest_memblock_alloc(struct guest_memblock *m, pfn_t low, pfn_t high,
			 uint64_t nr, uint64_t align,
			 enum guest_memblock_from from, pfn_t *ret)
{
	pfn_t place;
	int error = guest_memblock_find(m, low, high, nr, align, from, &place);

	if (error == 0) {
		error = guest_memblock_reserve(m, place, pfn_add(place, nr));
	}
	if (error == 0) {
		*ret = place;
	}
	return error;
}
