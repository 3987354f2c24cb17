/* SPDX-License-Identifier: MIT */
/*
 * What the entry code of a native kernel leaves behind: a small mapping of
 * 4 KiB pages in the CPU's mode. Machine and own frames are the same.
 */
#include <string.h>

#include "sim/cpu.h"
#include "sim/domain.h"

#define BOOT_FLAGS (PTE_P | PTE_RW)

struct boot_tables {
	struct sim *s;
	enum paging_mode mode;
	unsigned int entry_bytes;
	uint64_t entries; /* in a table */
	pfn_t next;       /* the next frame to take */
};

static void set_entry(struct boot_tables *b, pfn_t table, uint64_t index,
		      uint64_t entry)
{
	memcpy(b->s->mmu.ram + pfn_to_paddr(table).v + index * b->entry_bytes,
	       &entry, b->entry_bytes);
}

static uint64_t get_entry(const struct boot_tables *b, pfn_t table,
			  uint64_t index)
{
	uint64_t entry = 0;

	memcpy(&entry,
	       b->s->mmu.ram + pfn_to_paddr(table).v + index * b->entry_bytes,
	       b->entry_bytes);
	return entry;
}

static void map_page(struct boot_tables *b, pfn_t root, vaddr_t va, pfn_t frame)
{
	pfn_t table = root;

	for (unsigned int level = walk_levels(b->mode); level > 1; level--) {
		uint64_t index =
			va.v >> walk_shift(b->mode, level) & (b->entries - 1);
		uint64_t entry = get_entry(b, table, index);
		/* PDPTEs of PAE have no rights. */
		uint64_t flags = b->mode == PAGING_PAE && level == 3
					 ? PTE_P
					 : BOOT_FLAGS;

		if (entry == 0) {
			entry = pfn_to_paddr(b->next).v | flags;
			set_entry(b, table, index, entry);
			b->next = pfn_add(b->next, 1);
		}
		table = paddr_to_pfn(paddr(entry & PTE_FRAME_MASK));
	}
	set_entry(b, table, va.v >> PAGE_SHIFT & (b->entries - 1),
		  pfn_to_paddr(frame).v | BOOT_FLAGS);
}

int sim_start_native(struct sim *s, const struct sim_native *n,
		     struct guest_native *ret, struct build_error *e)
{
	bool small = s->cpu.mode == PAGING_2LEVEL;
	struct boot_tables b = {
		.s = s,
		.mode = s->cpu.mode,
		.entry_bytes = small ? 4 : 8,
		.entries = small ? 1024 : 512,
		.next = pfn_add(n->kernel.end, 1),
	};

	if (n->nr_pages > s->mmu.nr_frames || n->mapped_end > n->nr_pages ||
	    n->kernel.end.v >= n->mapped_end) {
		return error_set(e, XEN_EINVAL,
				 "boot mapping of %lu of %lu pages does not "
				 "fit",
				 n->mapped_end, n->nr_pages);
	}
	for (uint64_t i = 0; i < n->mapped_end; i++) {
		map_page(&b, n->kernel.end,
			 vaddr_add(n->kernel.virt_base, i << PAGE_SHIFT),
			 pfn(i));
	}
	if (b.next.v > n->mapped_end) {
		return error_set(e, XEN_EINVAL,
				 "the boot tables end at frame %lu, outside "
				 "the mapping of %lu pages that they make",
				 b.next.v, n->mapped_end);
	}
	*ret = (struct guest_native){
		.root = n->kernel.end,
		.mapped_end = pfn(n->mapped_end),
		.nr_pages = n->nr_pages,
		.tables_start = n->kernel.end,
		.tables_end = b.next,
		.e820 = {.nr = 1,
			 .entry = {{.addr = 0,
				    .size = n->nr_pages << PAGE_SHIFT,
				    .type = GUEST_E820_RAM}}},
	};
	cpu_load_cr3(s, maddr(pfn_to_paddr(n->kernel.end).v), true);
	return 0;
}
