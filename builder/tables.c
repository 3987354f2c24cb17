/* SPDX-License-Identifier: MIT */
/*
 * The first page tables of a domain, 4 KiB pages only. Frames that hold
 * tables are mapped read-only, or the hypervisor would refuse to type them;
 * everything else is writable and executable, as kernels patch themselves
 * before they set up protections of their own. User bits at level 1 and the
 * hypervisor's slots are left to validation, which sets them. Tables of both
 * widths are filled by the same steps: what differs is in the layout.
 */
#include <string.h>

#include "abi/pte.h"
#include "builder/build.h"
#include "builder/guest_memory.h"

#define LEAF_RO (PTE_P | PTE_A)
#define LEAF_RW (LEAF_RO | PTE_RW)
#define INNER (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)

static pte_t *table_at(const struct build_memory *memory,
		       const struct layout *layout, unsigned int level,
		       vaddr_t va)
{
	return guest_page(memory, layout_table(layout, level, va));
}

/* Hooks the tables of a level, each into the one above it. */
static void hook_tables(const struct build_memory *memory,
			const struct layout *layout, unsigned int level,
			const struct layout_level *tables)
{
	for (uint64_t i = 0; i < tables->nr; i++) {
		vaddr_t va = vaddr((tables->first + i) << pt_shift(level + 1));
		pte_t *upper = table_at(memory, layout, level + 1, va);
		mfn_t frame = build_mfn(memory, layout_level_pfn(tables, i));

		pte_write(&upper[pt_index(va, level + 1)],
			  pte_make(frame, INNER));
	}
}

static void map_pages(const struct build_memory *memory,
		      const struct layout *layout,
		      const struct layout_mapping *map)
{
	struct guest_cursor frame = guest_cursor_at(memory, map->pfn);
	pte_t *table = NULL;

	for (uint64_t i = 0; i < map->nr; i++) {
		vaddr_t va = vaddr_add(map->va, i << PAGE_SHIFT);
		unsigned int index = pt_index(va, 1);
		bool is_table = layout_is_table(layout, pfn_add(map->pfn, i));

		if (table == NULL || index == 0) {
			table = table_at(memory, layout, 1, va);
		}
		pte_write(&table[index],
			  pte_make(guest_cursor_mfn(&frame),
				   is_table ? LEAF_RO : LEAF_RW));
		guest_cursor_advance(&frame, 1);
	}
}

void build_tables(const struct build_memory *memory,
		  const struct layout *layout)
{
	static const enum layout_part parts[] = {LAYOUT_TABLES,
						 LAYOUT_P2M_TABLES};

	for (unsigned int i = 0; i < 2; i++) {
		const struct layout_range *r = &layout->part[parts[i]];

		guest_zero(memory, pfn_to_paddr(r->pfn), r->nr << PAGE_SHIFT);
	}
	for (unsigned int m = 0; m < LAYOUT_NR_MAPPINGS; m++) {
		const struct layout_mapping *map = &layout->map[m];

		for (unsigned int level = layout->width->levels - 1; level > 0;
		     level--) {
			hook_tables(memory, layout, level, &map->level[level]);
		}
		map_pages(memory, layout, map);
	}
}
