/* SPDX-License-Identifier: MIT */
/*
 * The memory map is the ground on which page tables are built, so one that
 * contradicts itself is refused rather than repaired: a guess here becomes
 * a wrong mapping later. What is repaired is harmless: entries that could be
 * one, and RAM that does not begin or end at a page.
 *
 * The map says where memory may be, nr_pages how many frames there are: RAM
 * beyond them is room for more (holes.c, table/exchange.c), and frames that no
 * RAM of the map is for are not used where they are.
 */
#include "guest/reach/reach.h"
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
		       unsigned int i)
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
	return 0;
}

static int check_order(struct guest *g, const struct guest_e820_entry *e,
		       unsigned int i, uint64_t end)
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
	return 0;
}

static int check_map(struct guest *g, const struct guest_e820_map *map)
{
	uint64_t end = 0;

	if (map->nr == 0 || map->nr > GUEST_E820_MAX_ENTRIES) {
		return guest_fail(g, XEN_EINVAL, "E820: %lu entries",
				  (uint64_t)map->nr);
	}
	for (unsigned int i = 0; i < map->nr; i++) {
		const struct guest_e820_entry *e = &map->entry[i];
		int error = check_entry(g, e, i);

		if (error == 0) {
			error = check_order(g, e, i, end);
		}
		if (error != 0) {
			return error;
		}
		end = e->addr + e->size;
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
			end = page_round_down(end);
			e.addr = e.addr < end ? page_round_up(e.addr) : end;
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

int guest_e820_sanitise(struct guest *g, struct guest_e820_map *map)
{
	int error = check_map(g, map);

	if (error == 0) {
		join(map);
		round_to_pages(map);
	}
	return error;
}

pfn_t guest_e820_next_ram(const struct guest_e820_map *map, pfn_t from)
{
	for (unsigned int i = 0; i < map->nr; i++) {
		const struct guest_e820_entry *e = &map->entry[i];
		pfn_t start = paddr_to_pfn(paddr(e->addr));

		if (e->type == GUEST_E820_RAM &&
		    from.v < entry_end(e) >> PAGE_SHIFT) {
			return from.v > start.v ? from : start;
		}
	}
	return PFN_INVALID;
}

pfn_t guest_e820_ram_end(const struct guest_e820_map *map, pfn_t most)
{
	uint64_t end = 0;

	for (unsigned int i = 0; i < map->nr; i++) {
		const struct guest_e820_entry *e = &map->entry[i];

		if (e->type == GUEST_E820_RAM &&
		    e->addr >> PAGE_SHIFT < most.v) {
			end = entry_end(e) >> PAGE_SHIFT;
		}
	}
	return pfn(end < most.v ? end : most.v);
}

int guest_e820_to_memblock(struct guest *g, const struct guest_e820_map *map,
			   uint64_t nr_pages, struct guest_memblock *m)
{
	int error = guest_memblock_reserve(m, pfn(ISA_START), pfn(ISA_END));

	for (unsigned int i = 0; i < map->nr && error == 0; i++) {
		const struct guest_e820_entry *e = &map->entry[i];
		uint64_t start = e->addr >> PAGE_SHIFT;
		uint64_t end = entry_end(e) >> PAGE_SHIFT;

		end = end < nr_pages ? end : nr_pages;
		if (e->type == GUEST_E820_RAM && start < end) {
			error = guest_memblock_add(m, pfn(start), pfn(end));
		}
	}
	if (error != 0) {
		return guest_fail(g, -error, "E820: too many regions");
	}
	return 0;
}
