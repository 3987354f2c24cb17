/* SPDX-License-Identifier: MIT */
/*
 * Two sorted lists of ranges: RAM, and what of it is free. The firmware's map
 * may overlap itself and be in any order, so ranges are added by merging and
 * removed by cutting; both keep the lists sorted and apart.
 */
#include "hv/mm/memory.h"

#include "abi/addr.h"
#include "hv/mm/layout.h"
#include "hv/report/panic.h"

#define LOW_MEMORY 0x100000 /* firmware, video, the loader's leftovers */

/*
 * Where a PC's firmware works while it starts the machine: in low memory and,
 * where it moves itself to, below the end of what 32 bits reach. SeaBIOS goes
 * 16 MiB and a few pages down from there.
 */
#define FIRMWARE_TOP (UINT64_C(32) << 20)
#define FOUR_GIB (UINT64_C(4) << 30)

struct memory_map memory_ram;
struct memory_map memory_free;
/* Of the free RAM, what neither firmware nor loader has written to. */
static struct memory_map untouched;

static void remove_at(struct memory_map *m, unsigned int i)
{
	m->nr--;
	for (; i < m->nr; i++) {
		m->range[i] = m->range[i + 1];
	}
}

static void insert_at(struct memory_map *m, unsigned int i,
		      struct boot_range what)
{
	if (m->nr == BOOT_RANGES) {
		panic("too many ranges of RAM");
	}
	for (unsigned int j = m->nr; j > i; j--) {
		m->range[j] = m->range[j - 1];
	}
	m->range[i] = what;
	m->nr++;
}

static void add(struct memory_map *m, struct boot_range what)
{
	unsigned int i = 0;

	while (i < m->nr && m->range[i].end < what.start) {
		i++;
	}
	while (i < m->nr && m->range[i].start <= what.end) {
		if (m->range[i].start < what.start) {
			what.start = m->range[i].start;
		}
		if (m->range[i].end > what.end) {
			what.end = m->range[i].end;
		}
		remove_at(m, i);
	}
	insert_at(m, i, what);
}

static void cut(struct memory_map *m, struct boot_range what)
{
	for (unsigned int i = 0; i < m->nr; i++) {
		struct boot_range *r = &m->range[i];
		const struct boot_range old = *r;

		if (old.end <= what.start || old.start >= what.end) {
			continue;
		}
		if (old.start < what.start && old.end > what.end) {
			r->end = what.start;
			insert_at(m, i + 1,
				  (struct boot_range){what.end, old.end});
		} else if (old.start < what.start) {
			r->end = what.start;
		} else if (old.end > what.end) {
			r->start = what.end;
		} else {
			remove_at(m, i--);
		}
	}
}

/* Made by the linker; where that is in the machine, image_address() says. */
extern char image_start[], image_end[];

static void untouched_init(void)
{
	untouched = memory_free;
	for (unsigned int i = 0; i < memory_ram.nr; i++) {
		uint64_t end = memory_ram.range[i].end;

		if (memory_ram.range[i].start < FOUR_GIB) {
			end = end < FOUR_GIB ? end : FOUR_GIB;
			cut(&untouched,
			    (struct boot_range){end < FIRMWARE_TOP
							? 0
							: end - FIRMWARE_TOP,
						end});
		}
	}
}

void memory_init(const struct boot_info *boot)
{
	for (unsigned int i = 0; i < boot->nr_ram; i++) {
		struct boot_range r = boot->ram[i];

		if (r.end > DIRECTMAP_SIZE) {
			r.end = DIRECTMAP_SIZE;
		}
		r.start = page_round_up(r.start);
		r.end = page_round_down(r.end);
		if (r.start < r.end) {
			add(&memory_ram, r);
		}
	}
	memory_free = memory_ram;
	memory_reserve(0, LOW_MEMORY);
	memory_reserve(image_address(image_start), image_address(image_end));
	for (unsigned int i = 0; i < boot->nr_modules; i++) {
		memory_reserve(page_round_down(boot->module[i].at.start),
			       page_round_up(boot->module[i].at.end));
	}
	untouched_init();
}

void memory_reserve(uint64_t start, uint64_t end)
{
	cut(&memory_free, (struct boot_range){start, end});
}

void memory_give(uint64_t start, uint64_t end)
{
	add(&memory_free, (struct boot_range){start, end});
	cut(&untouched, (struct boot_range){start, end});
}

uint64_t memory_untouched(uint64_t at)
{
	for (unsigned int i = 0; i < untouched.nr; i++) {
		const struct boot_range *r = &untouched.range[i];

		if (at >= r->start && at < r->end) {
			return r->end;
		}
	}
	return at;
}

uint64_t memory_take(uint64_t size, uint64_t align, uint64_t limit)
{
	for (unsigned int i = memory_free.nr; i > 0; i--) {
		struct boot_range r = memory_free.range[i - 1];
		uint64_t start;

		if (r.end > limit) {
			r.end = limit;
		}
		if (r.end < r.start || r.end - r.start < size) {
			continue;
		}
		start = (r.end - size) & ~(align - 1);
		if (start >= r.start) {
			memory_reserve(start, start + size);
			return start;
		}
	}
	panic("not enough memory for the hypervisor");
}

struct boot_range memory_take_some(uint64_t want, uint64_t limit)
{
	struct boot_range best = {0, 0};

	for (unsigned int i = 0; i < memory_free.nr; i++) {
		struct boot_range r = memory_free.range[i];

		r.end = r.end < limit ? r.end : limit;
		if (r.start < r.end &&
		    r.end - r.start > best.end - best.start) {
			best = r;
		}
	}
	if (best.end - best.start > want) {
		best.end = best.start + want;
	}
	memory_reserve(best.start, best.end);
	return best;
}

uint64_t memory_pages(const struct memory_map *map)
{
	uint64_t pages = 0;

	for (unsigned int i = 0; i < map->nr; i++) {
		pages +=
			(map->range[i].end - map->range[i].start) >> PAGE_SHIFT;
	}
	return pages;
}

uint64_t memory_end(void)
{
	return memory_ram.nr == 0 ? 0 : memory_ram.range[memory_ram.nr - 1].end;
}
