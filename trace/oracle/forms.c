/* SPDX-License-Identifier: MIT */
/*
 * A 32-bit domain's structures are told by member, from the public headers as
 * a 32-bit compiler lays them out (xen/memory.h): no member has more than four
 * bytes, and none is aligned to more.
 */
#include "trace/oracle/forms.h"

#include <string.h>

struct reservation_32 {
	uint32_t extent_start;
	uint32_t nr_extents;
	uint32_t extent_order;
	uint32_t mem_flags;
	uint16_t domid;
	uint16_t unused;
};

struct physmap_32 {
	uint16_t domid;
	uint16_t size;
	uint32_t space;
	uint32_t idx;
	uint32_t gpfn;
};

static bool take(const struct trace_record *r, void *to, size_t size)
{
	if (r->nr * sizeof(*r->word) < size) {
		return false;
	}
	memcpy(to, r->word, size);
	return true;
}

bool forms_reservation(const struct trace_record *r, bool narrow,
		       struct xen_memory_reservation *ret)
{
	struct reservation_32 x;

	if (!narrow) {
		return take(r, ret, sizeof(*ret));
	}
	if (!take(r, &x, sizeof(x))) {
		return false;
	}
	*ret = (struct xen_memory_reservation){
		.nr_extents = x.nr_extents,
		.extent_order = x.extent_order,
		.mem_flags = x.mem_flags,
		.domid = x.domid,
	};
	return true;
}

bool forms_physmap(const struct trace_record *r, bool narrow,
		   struct xen_add_to_physmap *ret)
{
	struct physmap_32 x;

	if (!narrow) {
		return take(r, ret, sizeof(*ret));
	}
	if (!take(r, &x, sizeof(x))) {
		return false;
	}
	*ret = (struct xen_add_to_physmap){
		.domid = x.domid,
		.size = x.size,
		.space = x.space,
		.idx = x.idx,
		.gpfn = x.gpfn,
	};
	return true;
}

void forms_frames(const struct trace *t, const struct trace_record *first,
		  bool narrow, uint64_t *to, unsigned int most)
{
	struct trace_record r = *first;
	uint64_t at = first->at;

	if (!narrow) {
		memcpy(to, r.word, (r.nr < most ? r.nr : most) * sizeof(*to));
		return;
	}
	for (unsigned int i = 0; i < most && trace_next(t, &at, &r) &&
				 r.kind == TRACE_COPIED_IN && r.nr == 1;
	     i++) {
		to[i] = (uint32_t)r.word[0];
	}
}
