/* SPDX-License-Identifier: MIT */
/*
 * The direct map, range by range. The tables of a range come from a buffer that
 * is found before, as large as they can need at most; what of it was not used
 * is free memory again when the range is done. The range may contain its
 * buffer, so which frames are tables changes while their mappings are being
 * written: that is what the policy is about (policy.h).
 */
#include "guest/start/start.h"

#define RAM_FLAGS (PTE_P | PTE_RW | PTE_A | PTE_D)
#define BELOW_4G (UINT64_C(1) << (32 - PAGE_SHIFT))

/* All memory of [start, end). */
static int map_memory(struct guest *g, const struct stretch *s, pfn_t start,
		      pfn_t end)
{
	pfn_t cursor = start;
	struct guest_region r;
	int error = 0;

	while (error == 0 &&
	       guest_memblock_next_memory(&g->memblock, &cursor, &r) &&
	       r.start.v < end.v) {
		if (r.end.v > end.v) {
			r.end = end;
		}
		error = guest_fill(g, s, r.start, r.end);
	}
	return error;
}

/*
 * Tables of one level that so many bytes can need, wherever they begin: one
 * more than they fill at each end.
 */
static uint64_t estimate_level(const struct guest *g, unsigned int level,
			       uint64_t bytes)
{
	unsigned int shift = g->config.geometry->level[level + 1].shift;
	uint64_t full = (bytes >> shift) + 2;
	uint64_t edges = 2 * (uint64_t)g->memblock.memory.nr + 8;
	bool large = !g->ops->hypervisor && !g->config.policy->keeps &&
		     (level == 1 ? g->config.cpu.large
				 : level == 2 && g->config.cpu.huge &&
					   g->config.geometry->large_level > 2);

	return large && edges < full ? edges : full;
}

uint64_t guest_directmap_estimate(const struct guest *g, uint64_t bytes)
{
	uint64_t nr = 0;

	for (unsigned int l = 1; l < g->config.geometry->levels; l++) {
		nr += estimate_level(g, l, bytes);
	}
	return nr;
}

static struct stretch direct_stretch(const struct guest *g)
{
	bool global = !g->ops->hypervisor && g->config.cpu.global;

	return (struct stretch){
		.base = g->config.direct_base,
		.flags = RAM_FLAGS | (global ? PTE_G : 0),
		.direct = true,
	};
}

/*
 * The windows' own addresses, if they are part of the direct map: now that
 * all of the range can be reached, they are mapped as everything else.
 */
static int map_windows(struct guest *g, pfn_t start, pfn_t end)
{
	struct stretch s = direct_stretch(g);
	uint64_t span = guest_span_frames(g, g->config.cpu.huge ? 3 : 2);
	pfn_t at = pfn((g->config.windows.v - s.base.v) >> PAGE_SHIFT);
	pfn_t first = pfn(at.v & ~(span - 1));
	pfn_t last = pfn_add(first, span);
	int error;

	if (at.v < start.v || at.v >= end.v) {
		return 0;
	}
	error = guest_windows_close(g);
	if (error != 0) {
		return error;
	}
	s.windows = true;
	return map_memory(g, &s, first.v < start.v ? start : first,
			  last.v > end.v ? end : last);
}

static int finish_range(struct guest *g, pfn_t start, pfn_t end)
{
	struct guest_directmap *d = &g->directmap;
	int error = 0;

	d->building = false;
	d->buffer[d->nr_buffers++] = d->now;
	if (d->now.start.v < d->now.end.v) {
		error = guest_memblock_reserve(&g->memblock, d->now.start,
					       d->now.end);
		if (error == 0) {
			error = guest_region_add(&g->tables, d->now.start,
						 d->now.end);
		}
	}
	if (error == 0) {
		d->mapped[d->nr_mapped++] = (struct guest_region){start, end};
		if (g->config.policy->range_done != NULL) {
			error = g->config.policy->range_done(g);
		}
	}
	return error == 0 ? map_windows(g, start, end) : error;
}

int guest_map_range(struct guest *g, pfn_t start, pfn_t end, pfn_t limit)
{
	struct guest_directmap *d = &g->directmap;
	struct stretch s = direct_stretch(g);
	uint64_t nr;
	pfn_t buffer;
	int error;

	if (start.v >= end.v) {
		return 0;
	}
	if (d->nr_mapped == GUEST_DIRECTMAP_MAX_RANGES || d->building) {
		return guest_fail(g, XEN_ENOSPC, "direct map: too many ranges");
	}
	nr = guest_directmap_estimate(g, (end.v - start.v) << PAGE_SHIFT);
	error = guest_memblock_find(&g->memblock, pfn(0), limit, nr, 1,
				    GUEST_MEMBLOCK_HIGH, &buffer);
	if (error != 0) {
		return guest_fail(g, -error,
				  "direct map: no %lu contiguous free frames "
				  "for tables below pfn %lx",
				  nr, limit.v);
	}
	d->now = (struct guest_table_buffer){buffer, buffer,
					     pfn_add(buffer, nr)};
	d->building = true;
	error = map_memory(g, &s, start, end);
	return error == 0 ? finish_range(g, start, end) : error;
}

int guest_direct_map(struct guest *g)
{
	pfn_t end = guest_memblock_end(&g->memblock);
	pfn_t middle;
	int error;

	/* 32-bit kernels: what fits between the base and the end. */
	if (g->config.geometry->va_bits == 32) {
		uint64_t room =
			((UINT64_C(1) << 32) - g->config.direct_base.v) >>
			PAGE_SHIFT;

		if (end.v > room) {
			end = pfn(room);
		}
	}
	middle = end.v < BELOW_4G ? end : pfn(BELOW_4G);
	error = guest_map_range(g, pfn(0), middle, middle);
	return error == 0 ? guest_map_range(g, middle, end, end) : error;
}
