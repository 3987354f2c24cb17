/* SPDX-License-Identifier: MIT */
/*
 * The memory map is the ground on which page tables are built, so one that
 * contradicts itself is refused rather than repaired: a guess here becomes
 * a wrong mapping later. What is repaired is harmless: entries that could be
 * one, and RAM that does not begin or end at a page.
 */
#include "guest/start/start.h"
#include "pagewarden/e820.h"

_Static_assert(sizeof(struct guest_e820_entry) == 20,
	       "as XENMEM_memory_map has it");

#define ISA_START (UINT64_C(640) << 10 >> PAGE_SHIFT)
#define ISA_END (UINT64_C(1) << 20 >> PAGE_SHIFT)

static uint64_t entry_end(const struct guest_e820_entry *e)
{
	return e->addr + e->size;
}

static int check_entry(struct guest *g, const struct guest_e820_entry *e,
		       unsigned int i, uint64_t nr_pages)
{
	if (e->size == 0) {
		return guest_fail(g, XEN_EINVAL,
				  "E820: entry %lu at %lx has size 0",
				  (uint64_t)i, e->addr);
	}
	if (e->addr + e->size < e->addr) {
		return guest_fail(g, XEN_EINVAL,
				  "E820: entry %lu (%lx + %lx) wraps around",
				  (uint64_t)i, e->addr, e->size);
	}
	if (e->type == GUEST_E820_RAM &&
	    e->addr + e->size > nr_pages << PAGE_SHIFT) {
		return guest_fail(g, XEN_EINVAL,
				  "E820: RAM of entry %lu ends at %lx, beyond "
				  "nr_pages %lu (%lx)",
				  (uint64_t)i, e->addr + e->size, nr_pages,
				  nr_pages << PAGE_SHIFT);
	}
	return 0;
}

static int check_order(struct guest *g, const struct guest_e820_entry *e,
		       unsigned int i, uint64_t end, uint64_t nr_pages)
{
	if (e->addr < end && i > 0 && e->addr < e[-1].addr) {
		return guest_fail(g, XEN_EINVAL,
				  "E820: not sorted: entry %lu at %lx comes "
				  "after one at %lx",
				  (uint64_t)i, e->addr, e[-1].addr);
	}
	if (e->addr < end) {
		return guest_fail(g, XEN_EINVAL,
				  "E820: entry %lu at %lx overlaps the one "
				  "before it, which ends at %lx",
				  (uint64_t)i, e->addr, end);
	}
	if (e->addr > end && end < nr_pages << PAGE_SHIFT) {
		return guest_fail(g, XEN_EINVAL,
				  "E820: hole: no entry describes %lx to %lx, "
				  "below nr_pages %lu",
				  end, e->addr, nr_pages);
	}
	return 0;
}

static int check_map(struct guest *g, const struct guest_e820_map *map,
		     uint64_t nr_pages)
{
	uint64_t end = 0;

	if (map->nr == 0 || map->nr > GUEST_E820_MAX_ENTRIES) {
		return guest_fail(g, XEN_EINVAL, "E820: %lu entries",
				  (uint64_t)map->nr);
	}
	for (unsigned int i = 0; i < map->nr; i++) {
		const struct guest_e820_entry *e = &map->entry[i];
		int error = check_entry(g, e, i, nr_pages);

		if (error == 0) {
			error = check_order(g, e, i, end, nr_pages);
		}
		if (error != 0) {
			return error;
		}
		end = e->addr + e->size;
	}
	if (end < nr_pages << PAGE_SHIFT) {
		return guest_fail(g, XEN_EINVAL,
				  "E820: hole: ends at %lx, below nr_pages %lu "
				  "(%lx)",
				  end, nr_pages, nr_pages << PAGE_SHIFT);
	}
	return 0;
}

/* After the first nr, which are in order already: how many they are then. */
static unsigned int append(struct guest_e820_map *map, unsigned int nr,
			   struct guest_e820_entry e)
{
	if (nr > 0 && map->entry[nr - 1].type == e.type &&
	    entry_end(&map->entry[nr - 1]) == e.addr) {
		map->entry[nr - 1].size += e.size;
		return nr;
	}
	map->entry[nr] = e;
	return nr + 1;
}

/* First of all: a page of two entries of RAM is RAM. */
static void join(struct guest_e820_map *map)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < map->nr; i++) {
		nr = append(map, nr, map->entry[i]);
	}
	map->nr = nr;
}

static void round_to_pages(struct guest_e820_map *map)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < map->nr; i++) {
		struct guest_e820_entry e = map->entry[i];
		uint64_t end = entry_end(&e);

		if (e.type == GUEST_E820_RAM) {
			e.addr = page_round_up(e.addr);
			end = page_round_down(end);
		} else {
			e.addr = page_round_down(e.addr);
			end = end > UINT64_MAX - PAGE_OFFSET_MASK
				      ? page_round_down(end)
				      : page_round_up(end);
		}
		/* Two that are not RAM can meet in one page. */
		if (nr > 0 && e.addr < entry_end(&map->entry[nr - 1])) {
			e.addr = entry_end(&map->entry[nr - 1]);
		}
		if (e.addr < end) {
			e.size = end - e.addr;
			nr = append(map, nr, e);
		}
	}
	map->nr = nr;
}

int guest_e820_sanitise(struct guest *g, struct guest_e820_map *map,
			uint64_t nr_pages)
{
	int error = check_map(g, map, nr_pages);

	if (error == 0) {
		join(map);
		round_to_pages(map);
	}
	return error;
}

int guest_e820_to_memblock(struct guest *g, const struct guest_e820_map *map,
			   struct guest_memblock *m)
{
	int error = guest_memblock_reserve(m, pfn(ISA_START), pfn(ISA_END));

	for (unsigned int i = 0; i < map->nr && error == 0; i++) {
		const struct guest_e820_entry *e = &map->entry[i];

		if (e->type == GUEST_E820_RAM) {
			error = guest_memblock_add(m,
						   paddr_to_pfn(paddr(e->addr)),
						   paddr_to_pfn(paddr(
							   e->addr + e->size)));
		}
	}
	if (error != 0) {
		return guest_fail(g, -error, "E820: too many regions");
	}
	return 0;
}
