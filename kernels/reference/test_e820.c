/* SPDX-License-Identifier: MIT */
/* The memory map: what is refused, what is repaired, and the guest's own. */
#include "kernels/reference/selftest.h"

#define PAGES 16
#define KEPT 3

struct row {
	const char *sentence;
	const char *says; /* in the message of the refusal */
	unsigned int nr;
	struct guest_e820_entry entry[KEPT];
};

static struct guest_e820_map map;

static const struct row refused[] = {
	{"e820: a map without entries is refused", "0 entries", 0, {{0, 0, 0}}},
	{"e820: and one with an entry of size 0",
	 "size 0",
	 2,
	 {{0, 0x10000, GUEST_E820_RAM}, {0x10000, 0, GUEST_E820_RESERVED}}},
	{"e820: and one that wraps around",
	 "wraps around",
	 2,
	 {{0, 0x10000, GUEST_E820_RAM},
	  {0x10000, UINT64_MAX, GUEST_E820_RESERVED}}},
	{"e820: and one that is not sorted",
	 "not sorted",
	 3,
	 {{0, 0x8000, GUEST_E820_RAM},
	  {0x8000, 0x8000, GUEST_E820_RAM},
	  {0x4000, 0x4000, GUEST_E820_RESERVED}}},
	{"e820: and one that overlaps",
	 "overlaps",
	 2,
	 {{0, 0x9000, GUEST_E820_RAM}, {0x8000, 0x8000, GUEST_E820_RAM}}},
};

static void fill_row(const struct row *row)
{
	map.nr = row->nr;
	for (unsigned int i = 0; i < row->nr; i++) {
		map.entry[i] = row->entry[i];
	}
}

static bool is_entry(unsigned int i, uint64_t addr, uint64_t end, uint32_t type)
{
	return map.entry[i].addr == addr &&
	       map.entry[i].addr + map.entry[i].size == end &&
	       map.entry[i].type == type;
}

static void repaired(struct kernel *k)
{
	static const struct row touching = {"",
					    "",
					    3,
					    {{0, 0x4000, GUEST_E820_RAM},
					     {0x4000, 0x4000, GUEST_E820_RAM},
					     {0x8000, 0x8000, GUEST_E820_RAM}}};
	static const struct row edges = {"",
					 "",
					 3,
					 {{0, 0x4800, GUEST_E820_RAM},
					  {0x4800, 0x1000, GUEST_E820_RESERVED},
					  {0x5800, 0xa800, GUEST_E820_RAM}}};

	fill_row(&touching);
	check(k,
	      guest_e820_sanitise(&scratch_guest, &map) == 0 && map.nr == 1 &&
		      is_entry(0, 0, 0x10000, GUEST_E820_RAM),
	      "e820: entries that touch become one");
	fill_row(&edges);
	check(k,
	      guest_e820_sanitise(&scratch_guest, &map) == 0 && map.nr == 3 &&
		      is_entry(0, 0, 0x4000, GUEST_E820_RAM) &&
		      is_entry(1, 0x4000, 0x6000, GUEST_E820_RESERVED) &&
		      is_entry(2, 0x6000, 0x10000, GUEST_E820_RAM),
	      "e820: pages that are not RAM all through are not RAM");
}

static uint64_t ram_frames(const struct guest_e820_map *m)
{
	uint64_t nr = 0;

	for (unsigned int i = 0; i < m->nr; i++) {
		nr += m->entry[i].type == GUEST_E820_RAM
			      ? m->entry[i].size >> PAGE_SHIFT
			      : 0;
	}
	return nr;
}

static void own(struct kernel *k)
{
	static struct guest_memblock m;
	const struct guest *g = &k->guest;
	bool same;

	map = g->e820;
	same = guest_e820_sanitise(&scratch_guest, &map) == 0 &&
	       map.nr == g->e820.nr;
	for (unsigned int i = 0; same && i < map.nr; i++) {
		same = map.entry[i].addr == g->e820.entry[i].addr &&
		       map.entry[i].size == g->e820.entry[i].size &&
		       map.entry[i].type == g->e820.entry[i].type;
	}
	check(k, same, "e820: the guest's own is in order already");
	guest_memblock_init(&m);
	check(k,
	      guest_e820_to_memblock(&scratch_guest, &g->e820, PAGES, &m) ==
			      0 &&
		      guest_memblock_nr_memory(&m) == PAGES,
	      "e820: RAM is memory as far as there are frames");
	guest_memblock_init(&m);
	check(k,
	      guest_e820_to_memblock(&scratch_guest, &g->e820, UINT64_MAX,
				     &m) == 0 &&
		      guest_memblock_nr_memory(&m) == ram_frames(&g->e820) &&
		      guest_memblock_is_memory(&m, pfn(0xa0)) &&
		      guest_memblock_is_reserved(&m, pfn(0xa0)) &&
		      guest_memblock_is_reserved(&m, pfn(0xff)) &&
		      !guest_memblock_is_reserved(&m, pfn(0x9f)) &&
		      !guest_memblock_is_reserved(&m, pfn(0x100)),
	      "e820: its RAM is memory, the ISA hole reserved");
}

void test_e820(struct kernel *k)
{
	for (unsigned int i = 0; i < sizeof(refused) / sizeof(refused[0]);
	     i++) {
		fill_row(&refused[i]);
		scratch_guest.message[0] = 0;
		check(k,
		      guest_e820_sanitise(&scratch_guest, &map) ==
				      -XEN_EINVAL &&
			      says(&scratch_guest, refused[i].says),
		      refused[i].sentence);
	}
	repaired(k);
	own(k);
}
