/* SPDX-License-Identifier: MIT */
/* The region allocator, on a map of its own. */
#include "kernels/reference/selftest.h"

static struct guest_memblock map;

static bool is_region(const struct guest_region *r, uint64_t start,
		      uint64_t end)
{
	return r->start.v == start && r->end.v == end;
}

static void ranges(struct kernel *k)
{
	guest_memblock_init(&map);
	check(k,
	      guest_memblock_nr_memory(&map) == 0 &&
		      guest_memblock_end(&map).v == 0,
	      "memblock: a new map is empty");
	check(k,
	      guest_memblock_add(&map, pfn(16), pfn(32)) == 0 &&
		      guest_memblock_add(&map, pfn(48), pfn(64)) == 0 &&
		      guest_memblock_nr_memory(&map) == 32 &&
		      guest_memblock_end(&map).v == 64,
	      "memblock: two ranges are added");
	check(k,
	      guest_memblock_add(&map, pfn(30), pfn(48)) == 0 &&
		      map.memory.nr == 1 &&
		      is_region(&map.memory.region[0], 16, 64),
	      "memblock: what touches or overlaps becomes one");
	check(k,
	      guest_memblock_remove(&map, pfn(40), pfn(44)) == 0 &&
		      map.memory.nr == 2 &&
		      guest_memblock_nr_memory(&map) == 44,
	      "memblock: a hole makes two of it");
	check(k,
	      guest_memblock_is_memory(&map, pfn(39)) &&
		      !guest_memblock_is_memory(&map, pfn(40)) &&
		      !guest_memblock_is_memory(&map, pfn(43)) &&
		      guest_memblock_is_memory(&map, pfn(44)) &&
		      !guest_memblock_is_memory(&map, pfn(64)),
	      "memblock: with sharp edges");
	check(k,
	      guest_memblock_remove(&map, pfn(40), pfn(44)) == 0 &&
		      guest_memblock_nr_memory(&map) == 44,
	      "memblock: what is not there can be removed");
}

static void refused(struct kernel *k)
{
	typedef int (*change)(struct guest_memblock *, pfn_t, pfn_t);
	static const change changes[] = {guest_memblock_add,
					 guest_memblock_remove,
					 guest_memblock_reserve,
					 guest_memblock_free};
	bool all = true;

	for (unsigned int i = 0; i < 4; i++) {
		all = all && changes[i](&map, pfn(5), pfn(5)) == -XEN_EINVAL &&
		      changes[i](&map, pfn(6), pfn(5)) == -XEN_EINVAL;
	}
	check(k, all && map.memory.nr == 2 && map.reserved.nr == 0,
	      "memblock: empty ranges and backward ones are refused");
}

/* Memory is [16, 40) and [44, 64). */
static void taking(struct kernel *k)
{
	pfn_t at = pfn(0);

	check(k,
	      guest_memblock_reserve(&map, pfn(20), pfn(24)) == 0 &&
		      guest_memblock_nr_free(&map) == 40 &&
		      guest_memblock_is_reserved(&map, pfn(23)) &&
		      !guest_memblock_is_reserved(&map, pfn(24)),
	      "memblock: a reserved range is not free");
	check(k,
	      guest_memblock_find(&map, pfn(0), pfn(64), 8, 1,
				  GUEST_MEMBLOCK_LOW, &at) == 0 &&
		      at.v == 24,
	      "memblock: the lowest fit is found");
	check(k,
	      guest_memblock_find(&map, pfn(0), pfn(64), 8, 16,
				  GUEST_MEMBLOCK_HIGH, &at) == 0 &&
		      at.v == 48,
	      "memblock: and the highest aligned one");
	check(k,
	      guest_memblock_find(&map, pfn(0), pfn(50), 8, 1,
				  GUEST_MEMBLOCK_HIGH, &at) == 0 &&
		      at.v == 32,
	      "memblock: and the highest below a limit");
	check(k,
	      guest_memblock_find(&map, pfn(0), pfn(64), 8, 16,
				  GUEST_MEMBLOCK_LOW, &at) == 0 &&
		      at.v == 32,
	      "memblock: and the lowest aligned one");
	check(k, guest_memblock_nr_free(&map) == 40,
	      "memblock: a find takes nothing");
	check(k,
	      guest_memblock_find(&map, pfn(0), pfn(64), 21, 1,
				  GUEST_MEMBLOCK_LOW, &at) == -XEN_ENOMEM,
	      "memblock: there is no place for more than the largest hole");
	check(k,
	      guest_memblock_find(&map, pfn(0), pfn(64), 0, 1,
				  GUEST_MEMBLOCK_LOW, &at) == -XEN_EINVAL &&
		      guest_memblock_find(&map, pfn(0), pfn(64), 1, 3,
					  GUEST_MEMBLOCK_LOW,
					  &at) == -XEN_EINVAL,
	      "memblock: no frames, or a strange alignment, are refused");
	check(k,
	      guest_memblock_alloc(&map, pfn(0), pfn(64), 4, 4,
				   GUEST_MEMBLOCK_HIGH, &at) == 0 &&
		      at.v == 60 && guest_memblock_nr_free(&map) == 36 &&
		      guest_memblock_alloc(&map, pfn(0), pfn(64), 4, 4,
					   GUEST_MEMBLOCK_HIGH, &at) == 0 &&
		      at.v == 56,
	      "memblock: what is allocated is not found again");
	check(k,
	      guest_memblock_free(&map, pfn(56), pfn(64)) == 0 &&
		      guest_memblock_nr_free(&map) == 40,
	      "memblock: until it is freed");
}

static void iteration(struct kernel *k)
{
	static const uint64_t memory[][2] = {{18, 40}, {44, 64}};
	static const uint64_t avail[][2] = {{16, 20}, {24, 40}, {44, 64}};
	struct guest_region r = {pfn(0), pfn(0)};
	pfn_t cursor = pfn(18);
	unsigned int nr = 0;
	bool same = true;

	while (guest_memblock_next_memory(&map, &cursor, &r) && nr < 3) {
		same = same && nr < 2 &&
		       is_region(&r, memory[nr][0], memory[nr][1]);
		nr++;
	}
	check(k, same && nr == 2,
	      "memblock: memory is gone over, from the middle of a range");
	cursor = pfn(0);
	nr = 0;
	while (guest_memblock_next_free(&map, &cursor, &r) && nr < 4) {
		same = same && nr < 3 &&
		       is_region(&r, avail[nr][0], avail[nr][1]);
		nr++;
	}
	check(k, same && nr == 3, "memblock: and so is what is free");
}

/* As many regions as there can be, and one more. */
static void full(struct kernel *k)
{
	bool all = true;

	guest_memblock_init(&map);
	for (uint64_t i = 0; i < GUEST_MEMBLOCK_MAX_REGIONS; i++) {
		all = all &&
		      guest_memblock_add(&map, pfn(i * 8), pfn(i * 8 + 4)) == 0;
	}
	check(k, all, "memblock: there is room for all its regions");
	check(k,
	      guest_memblock_add(&map, pfn(1 << 20), pfn(1 << 21)) ==
			      -XEN_ENOSPC &&
		      guest_memblock_remove(&map, pfn(1), pfn(2)) ==
			      -XEN_ENOSPC &&
		      guest_memblock_nr_memory(&map) ==
			      UINT64_C(4) * GUEST_MEMBLOCK_MAX_REGIONS,
	      "memblock: one more is refused, and nothing has changed");
	check(k,
	      guest_memblock_add(&map, pfn(4), pfn(8)) == 0 &&
		      map.memory.nr == GUEST_MEMBLOCK_MAX_REGIONS - 1,
	      "memblock: but what joins two is welcome");
}

static void regions(struct kernel *k)
{
	static struct guest_region_list list;

	list.nr = 0;
	check(k,
	      guest_region_add(&list, pfn(4), pfn(8)) == 0 &&
		      guest_region_has(&list, pfn(7)) &&
		      !guest_region_has(&list, pfn(8)) &&
		      guest_region_find(&list, pfn(5)) == &list.region[0] &&
		      guest_region_find(&list, pfn(3)) == NULL,
	      "memblock: a region is found by its frames");
	check(k,
	      guest_region_remove(&list, pfn(0), pfn(100)) == 0 && list.nr == 0,
	      "memblock: and removed with all around it");
}

void test_memblock(struct kernel *k)
{
	ranges(k);
	refused(k);
	taking(k);
	iteration(k);
	full(k);
	regions(k);
}
