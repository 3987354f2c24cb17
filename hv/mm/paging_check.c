/* SPDX-License-Identifier: MIT */
/*
 * Our page tables, read back entry by entry as the CPU would: what they must
 * not say, whatever code wrote them. Done at every boot, before there is a
 * guest; a table that says too much is our own bug.
 */
#include "hv/mm/paging_check.h"

#include "hv/cpu/cpu.h"
#include "hv/mm/layout.h"
#include "hv/mm/paging.h"
#include "hv/report/log.h"
#include "hv/report/panic.h"

#define SLOT_BITS UINT64_C(0xffff000000000000)

extern char image_start[], image_text_end[], image_rodata_end[];

static uint64_t mappings;

static bool overlaps(uint64_t at, uint64_t bytes, uint64_t from, uint64_t to)
{
	return at < to && from < at + bytes;
}

static void check_mapping(uint64_t va, uint64_t at, uint64_t bytes,
			  uint64_t rights)
{
	const uint64_t image = image_address(image_start);
	const uint64_t constants_end = image_address(image_rodata_end);
	const bool writes = (rights & PTE_RW) != 0;
	const bool runs = paging_nx() != 0 && (rights & PTE_NX) == 0;
	const bool is_text =
		va >= (uint64_t)image_start && va < (uint64_t)image_text_end;

	mappings++;
	if (runs && (writes || !is_text)) {
		panic("page tables: %016lx is executable", va);
	}
	if (writes && overlaps(at, bytes, image, constants_end)) {
		panic("page tables: %016lx shows text or constants writable",
		      va);
	}
	if ((rights & PTE_US) != 0 && (writes || va >= DESC_WINDOWS)) {
		panic("page tables: %016lx is the guests'", va);
	}
	if (cpu_is_guard(va)) {
		panic("page tables: no guard page at %016lx", va);
	}
}

/* Rights are those of all levels: RW and US by and, NX by or. */
static void check_table(uint64_t table, unsigned int level, uint64_t va,
			uint64_t rights)
{
	const pte_t *t = direct_map(table);
	unsigned int first = level == 4 ? XEN_L4_FIRST : 0;

	for (unsigned int i = first; i < PT_ENTRIES; i++) {
		uint64_t at = va + ((uint64_t)i << pt_shift(level));
		uint64_t e = t[i].v;
		uint64_t now = (rights & e & (PTE_RW | PTE_US)) |
			       ((rights | e) & PTE_NX);

		if ((e & PTE_P) == 0) {
			continue;
		}
		if (level == 1 || (e & PTE_PS) != 0) {
			check_mapping(at, e & PTE_FRAME_MASK, pt_span(level),
				      now);
		} else {
			check_table(e & PTE_FRAME_MASK, level - 1,
				    level == 4 ? at | SLOT_BITS : at, now);
		}
	}
}

void paging_check(void)
{
	check_table(paging_root(), 4, 0, PTE_RW | PTE_US);
	log_info("page tables: %lu mappings, none both written and run",
		 mappings);
}
