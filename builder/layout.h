/* SPDX-License-Identifier: MIT */
/*
 * The start-of-day layout of a domain, as xen.h describes it above struct
 * start_info. Pure computation: it is worked out before a byte is written, so
 * that `pagewarden inspect` shows exactly what the hypervisor will build.
 *
 * Mapped at virt_base + pfn * 4096, in this order:
 *
 *   low         pages below the kernel, ordinary memory
 *   kernel      the image, by physical address
 *   initrd      unless the kernel takes it unmapped (MOD_START_PFN)
 *   p2m         the P2M list, unless it has an address of its own (INIT_P2M)
 *   start_info, xenstore ring, console ring: one page each
 *   tables      page tables of this mapping: the L4 first, then L3, L2, L1;
 *               of a 32-bit kernel the first L1 and L2, then the L3 (below)
 *   stack       one page
 *   padding     at least 512 KiB, to the next 4 MiB
 *
 * and after it, not mapped here:
 *
 *   initrd      with MOD_START_PFN
 *   p2m         with INIT_P2M: mapped at that address,
 *   p2m tables  by these tables, which nothing maps
 *   free        the rest of the domain's memory
 *
 * A 32-bit kernel's tables lie in the order in which Xen takes them while it
 * fills the mapping: the first L1, the L2 above it, the L3, and then the other
 * L1s and the L2s that map nothing, for an L3 has all of its four. So the root,
 * which start_info names as pt_base, is the third frame of the tables. So Xen
 * builds its first domain. A toolstack builds others with the root first, then
 * the L2s and the L1s, which layout_request.root_first asks for.
 */
#ifndef PW_BUILDER_LAYOUT_H
#define PW_BUILDER_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/addr.h"
#include "builder/elf.h"
#include "builder/error.h"
#include "builder/notes.h"

/*
 * The initial mapping is 1 GiB at most as implemented: kernels reach it
 * through one L3 entry. The layout itself ends 2 GiB above -2 GiB.
 */
#define LAYOUT_MAPPING_LIMIT (UINT64_C(1) << 30)
#define LAYOUT_MAPPING_LIMIT_MAX (UINT64_C(1) << 31)
#define LAYOUT_MAPPING_ALIGN (UINT64_C(4) << 20)
#define LAYOUT_PADDING (UINT64_C(512) << 10)
/* The M2P window of the ABI has entries for as many frames: 128 TiB. */
#define LAYOUT_MAX_PAGES (UINT64_C(1) << 35)
/* struct start_info's cmd_line, with its NUL. */
#define LAYOUT_CMDLINE_SIZE 1024

enum layout_part {
	LAYOUT_LOW,
	LAYOUT_KERNEL,
	LAYOUT_INITRD,
	LAYOUT_P2M,
	LAYOUT_P2M_TABLES,
	LAYOUT_START_INFO,
	LAYOUT_STORE,
	LAYOUT_CONSOLE,
	LAYOUT_TABLES,
	LAYOUT_STACK,
	LAYOUT_PADDING_PAGES,
	LAYOUT_FREE,
	LAYOUT_NR_PARTS,
};

/* nr 0: there is no such part. */
struct layout_range {
	pfn_t pfn;
	uint64_t nr;
	vaddr_t va; /* valid if mapped */
	bool mapped;
};

/*
 * The tables of one level that a mapping needs: table i maps the addresses
 * from (first + i) << shift, where one table of level n maps what one entry of
 * level n + 1 does. They are contiguous from pfn on, but for one that may lie
 * before all others: table number `lead`, if there is one of that number.
 */
struct layout_level {
	uint64_t first;
	uint64_t nr;
	pfn_t pfn;
	uint64_t lead;
	pfn_t lead_pfn;
};
#define LAYOUT_NO_LEAD UINT64_MAX

static inline pfn_t layout_level_pfn(const struct layout_level *l, uint64_t i)
{
	return i == l->lead ? l->lead_pfn
			    : pfn_add(l->pfn, i > l->lead ? i - 1 : i);
}

/* A contiguous mapping; level[1] to the root's are its own tables. */
struct layout_mapping {
	vaddr_t va;
	pfn_t pfn;
	uint64_t nr;
	struct layout_level level[5];
};

enum layout_mapping_nr {
	LAYOUT_MAP_INITIAL,
	LAYOUT_MAP_P2M, /* nr 0 if the P2M is in the initial mapping */
	LAYOUT_NR_MAPPINGS,
};

struct layout {
	const struct guest_width *width;
	bool extended_cr3; /* of 32 bits: its root may be at any mfn */
	uint64_t nr_pages;
	vaddr_t virt_base;
	vaddr_t entry;
	struct layout_range part[LAYOUT_NR_PARTS];
	struct layout_mapping map[LAYOUT_NR_MAPPINGS];
	uint64_t initrd_size; /* bytes */
	/* Distance from p_paddr to pseudo-physical: subtract it. */
	uint64_t paddr_offset;
	/* The kernel's symbols, which it asked for, and where they go. */
	bool has_symtab;
	struct elf_symtab symtab;
	paddr_t symtab_at;
	bool has_hypercall_page;
	pfn_t hypercall_page;
};

enum layout_p2m {
	LAYOUT_P2M_AS_NOTED, /* at INIT_P2M if the kernel asks for it */
	LAYOUT_P2M_INSIDE,   /* in the initial mapping, whatever it asks */
};

struct layout_request {
	uint64_t nr_pages;
	uint64_t initrd_size;  /* bytes; 0: none */
	uint64_t cmdline_size; /* bytes without the NUL */
	enum layout_p2m p2m;
	bool map_initrd;        /* even if it may be unmapped */
	bool root_first;        /* of 32 bits: as a toolstack has them */
	uint64_t mapping_limit; /* bytes; 0: LAYOUT_MAPPING_LIMIT */
};

/* Returns 0, or a negative errno with the reason in *e. */
int layout_plan(const struct xen_notes *notes,
		const struct layout_request *request, struct layout *layout,
		struct build_error *e);

const char *layout_part_name(enum layout_part part);

/* The parts in order of pfn: fills order[] and returns how many exist. */
unsigned int layout_in_order(const struct layout *layout,
			     enum layout_part order[LAYOUT_NR_PARTS]);

/*
 * The table of a level (1 to the root's) that maps an address, or PFN_INVALID
 * if the layout has none.
 */
pfn_t layout_table(const struct layout *layout, unsigned int level, vaddr_t va);

/* The root of all tables. */
pfn_t layout_root(const struct layout *layout);
/* Where it is mapped: start_info's pt_base. */
vaddr_t layout_pt_base(const struct layout *layout);

static inline bool layout_range_has(const struct layout_range *range,
				    pfn_t frame)
{
	return frame.v - range->pfn.v < range->nr;
}
static inline bool layout_is_table(const struct layout *layout, pfn_t frame)
{
	return layout_range_has(&layout->part[LAYOUT_TABLES], frame) ||
	       layout_range_has(&layout->part[LAYOUT_P2M_TABLES], frame);
}

#endif
