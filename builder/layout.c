/* SPDX-License-Identifier: MIT */
/*
 * Works out where everything of a new domain goes.
 *
 * The one circular part is the initial mapping: its tables lie inside it, so
 * they map themselves, and one table more can make it longer. The length is
 * therefore raised until its own tables fit; it only grows, and is refused
 * above a fixed limit, so this ends.
 *
 * Numbers from the kernel file and the caller are bounded first (frames below
 * 2^52, LAYOUT_MAX_PAGES), so that no sum of them can wrap.
 */
#include "builder/layout.h"

#include <stddef.h>
#include <string.h>

#include "abi/guest_range.h"
#include "abi/pte.h"
#include "abi/xen.h"

_Static_assert(((GUEST_HIGH_START - 1) >> 39 & (PT_ENTRIES - 1)) == XEN_L4_LAST,
	       "the hole ends with the hypervisor's last L4 slot");

#define MIB (UINT64_C(1) << 20)

struct plan {
	const struct layout_request *request;
	const struct xen_notes *notes;
	struct layout *layout;
	uint64_t next; /* the first pfn that is not given away */
	struct build_error *e;
};

static uint64_t pages_of(uint64_t bytes)
{
	return (bytes >> PAGE_SHIFT) + (page_offset(bytes) != 0);
}

static uint64_t mib_of(uint64_t pages)
{
	return (pages + (MIB >> PAGE_SHIFT) - 1) / (MIB >> PAGE_SHIFT);
}

static uint64_t p2m_pages(const struct plan *p)
{
	return pages_of(p->request->nr_pages * p->notes->width->word);
}

/* A 32-bit kernel has no addresses to spare: there the note says nothing. */
static bool p2m_outside(const struct plan *p)
{
	return p->request->p2m == LAYOUT_P2M_AS_NOTED &&
	       !p->notes->width->full_root &&
	       notes_has(p->notes, XEN_ELFNOTE_INIT_P2M) &&
	       p->notes->init_p2m.v < p->notes->virt_base.v &&
	       page_offset(p->notes->init_p2m.v) == 0;
}

static bool initrd_unmapped(const struct plan *p)
{
	return p->notes->mod_start_pfn && !p->request->map_initrd;
}

static uint64_t mapping_limit(const struct plan *p)
{
	return p->request->mapping_limit != 0 ? p->request->mapping_limit
					      : LAYOUT_MAPPING_LIMIT;
}

static void take(struct plan *p, enum layout_part part, uint64_t nr,
		 bool mapped)
{
	p->layout->part[part] = (struct layout_range){
		.pfn = pfn(p->next),
		.nr = nr,
		.va = vaddr_add(p->layout->virt_base, p->next << PAGE_SHIFT),
		.mapped = mapped,
	};
	p->next += nr;
}

static int check_request(const struct plan *p)
{
	const struct layout_request *r = p->request;
	const struct guest_width *width = p->notes->width;

	if (r->nr_pages == 0 || r->nr_pages > width->max_pages) {
		return error_set(p->e, XEN_EINVAL,
				 "memory of %lu pages is not between 1 and %lu "
				 "pages",
				 r->nr_pages, width->max_pages);
	}
	if (r->initrd_size > width->last_address) {
		return error_set(p->e, XEN_EINVAL,
				 "initrd of %lu bytes is larger than %lu",
				 r->initrd_size, width->last_address);
	}
	if (r->cmdline_size >= LAYOUT_CMDLINE_SIZE) {
		return error_set(p->e, XEN_EINVAL,
				 "command line of %lu bytes is longer than the "
				 "%lu that start_info holds",
				 r->cmdline_size,
				 (uint64_t)LAYOUT_CMDLINE_SIZE - 1);
	}
	if (r->mapping_limit > LAYOUT_MAPPING_LIMIT_MAX) {
		return error_set(
			p->e, XEN_EINVAL,
			"limit of %#lx on the initial mapping is above "
			"%#lx",
			r->mapping_limit, LAYOUT_MAPPING_LIMIT_MAX);
	}
	return 0;
}

static int mapping_too_large(const struct plan *p, uint64_t pages)
{
	const struct layout_range *part = p->layout->part;
	uint64_t kernel = part[LAYOUT_KERNEL].pfn.v + part[LAYOUT_KERNEL].nr;

	if (part[LAYOUT_P2M].nr == 0) {
		return error_set(
			p->e, XEN_ENOSPC,
			"initial mapping of %lu MiB is above the limit "
			"of %lu MiB: kernel to %lu MiB + initrd %lu MiB "
			"+ tables, stack and padding",
			mib_of(pages), mapping_limit(p) / MIB, mib_of(kernel),
			mib_of(part[LAYOUT_INITRD].nr));
	}
	return error_set(
		p->e, XEN_ENOSPC,
		"initial mapping of %lu MiB is above the limit of %lu MiB: "
		"kernel to %lu MiB + initrd %lu MiB + P2M inside %lu MiB (%lu "
		"pages x %lu bytes) + tables, stack and padding%s",
		mib_of(pages), mapping_limit(p) / MIB, mib_of(kernel),
		mib_of(part[LAYOUT_INITRD].nr), mib_of(part[LAYOUT_P2M].nr),
		p->request->nr_pages, (uint64_t)p->notes->width->word,
		notes_has(p->notes, XEN_ELFNOTE_INIT_P2M) ||
				p->notes->width->full_root
			? ""
			: "; the kernel has no note INIT_P2M");
}

static int check_hole(const struct plan *p, const char *what,
		      const struct layout_mapping *map)
{
	uint64_t first = map->va.v;
	uint64_t last = first + ((map->nr << PAGE_SHIFT) - 1);

	if (last < first ||
	    !guest_width_has(p->notes->width, map->va, last - first + 1)) {
		return error_set(p->e, XEN_EINVAL,
				 "%s at %#lx to %#lx touches addresses that a "
				 "guest cannot map (%#lx to %#lx)",
				 what, first, last, p->notes->width->guest_end,
				 p->notes->width->guest_resumes);
	}
	return 0;
}

/*
 * Counts the tables of a mapping that lies below "above" (or is the first,
 * with above NULL, and has the root): a table that the other mapping has
 * already is not counted again. Only the last of a level can be.
 */
static uint64_t count_tables(const struct guest_width *width,
			     struct layout_mapping *map,
			     const struct layout_mapping *above)
{
	uint64_t first = map->va.v & width->va_mask;
	uint64_t last = first + ((map->nr << PAGE_SHIFT) - 1);
	unsigned int top = width->levels - (above == NULL ? 0 : 1);
	uint64_t total = 0;

	for (unsigned int level = top; level > 0; level--) {
		struct layout_level *l = &map->level[level];

		l->first = first >> pt_shift(level + 1);
		l->nr = (last >> pt_shift(level + 1)) - l->first + 1;
		if (width->full_root && level == width->levels - 1) {
			l->first = 0;
			l->nr = width->root_entries;
		}
		if (above != NULL &&
		    l->first + l->nr > above->level[level].first) {
			l->nr--;
		}
		total += l->nr;
	}
	return total;
}

static void place_level(struct layout_level *l, pfn_t *at)
{
	l->lead = LAYOUT_NO_LEAD;
	l->pfn = *at;
	*at = pfn_add(*at, l->nr);
}

/* The table through which the first address goes comes first. */
static void place_lead(const struct guest_width *width,
		       const struct layout_mapping *map, unsigned int level,
		       struct layout_level *l, pfn_t *at)
{
	l->lead = ((map->va.v & width->va_mask) >> pt_shift(level + 1)) -
		  l->first;
	l->lead_pfn = *at;
	*at = pfn_add(*at, 1);
}

/* From the root down; or as Xen takes them: first L1, first L2, L3, others. */
static void place_tables(const struct guest_width *width, bool root_first,
			 struct layout_mapping *map, pfn_t at)
{
	const unsigned int top = width->levels;

	if (!width->full_root || root_first) {
		for (unsigned int level = top; level > 0; level--) {
			place_level(&map->level[level], &at);
		}
		return;
	}
	for (unsigned int level = 1; level < top; level++) {
		place_lead(width, map, level, &map->level[level], &at);
	}
	place_level(&map->level[top], &at);
	for (unsigned int level = 1; level < top; level++) {
		map->level[level].pfn = at;
		at = pfn_add(at, map->level[level].nr - 1);
	}
}

/* Pages of the initial mapping if it holds so many: ends at 4 MiB. */
static uint64_t mapping_pages(const struct plan *p, uint64_t pages)
{
	uint64_t base = p->layout->virt_base.v & p->notes->width->va_mask;
	uint64_t end = base + (pages << PAGE_SHIFT);

	end = (end + LAYOUT_MAPPING_ALIGN - 1) & ~(LAYOUT_MAPPING_ALIGN - 1);
	return (end - base) >> PAGE_SHIFT;
}

/* Tables, stack and padding: the end of the initial mapping. */
static int plan_initial_mapping(struct plan *p)
{
	struct layout_mapping *map = &p->layout->map[LAYOUT_MAP_INITIAL];
	uint64_t extra = 1 + (LAYOUT_PADDING >> PAGE_SHIFT);
	uint64_t limit = mapping_limit(p) >> PAGE_SHIFT;
	uint64_t tables = 0;
	uint64_t needed;
	int rc;

	map->va = p->layout->virt_base;
	for (;;) {
		needed = p->next + tables + extra;
		if (needed > limit) {
			return mapping_too_large(p, needed);
		}
		map->nr = mapping_pages(p, needed);
		if (map->nr > limit) {
			return mapping_too_large(p, map->nr);
		}
		rc = check_hole(p, "initial mapping", map);
		if (rc != 0) {
			return rc;
		}
		tables = count_tables(p->notes->width, map, NULL);
		if (p->next + tables + extra <= map->nr) {
			break;
		}
	}
	place_tables(p->notes->width, p->request->root_first, map,
		     pfn(p->next));
	take(p, LAYOUT_TABLES, tables, true);
	take(p, LAYOUT_STACK, 1, true);
	take(p, LAYOUT_PADDING_PAGES, map->nr - p->next, true);
	return 0;
}

/* What lies before the tables. */
static void plan_contents(struct plan *p)
{
	uint64_t start = p->notes->kernel_start.v >> PAGE_SHIFT;

	take(p, LAYOUT_LOW, start, true);
	take(p, LAYOUT_KERNEL, pages_of(p->notes->kernel_end.v) - start, true);
	if (!initrd_unmapped(p)) {
		take(p, LAYOUT_INITRD, pages_of(p->request->initrd_size), true);
	}
	if (!p2m_outside(p)) {
		take(p, LAYOUT_P2M, p2m_pages(p), true);
	}
	take(p, LAYOUT_START_INFO, 1, true);
	take(p, LAYOUT_STORE, 1, true);
	take(p, LAYOUT_CONSOLE, 1, true);
}

/* The P2M at an address of its own, and the tables that map it there. */
static int plan_p2m_outside(struct plan *p)
{
	struct layout_mapping *map = &p->layout->map[LAYOUT_MAP_P2M];
	uint64_t last;
	int rc;

	map->va = p->notes->init_p2m;
	map->pfn = pfn(p->next);
	map->nr = p2m_pages(p);
	last = map->va.v + ((map->nr << PAGE_SHIFT) - 1);
	rc = check_hole(p, "P2M (note INIT_P2M)", map);
	if (rc != 0) {
		return rc;
	}
	if (last >= p->layout->virt_base.v) {
		return error_set(
			p->e, XEN_EINVAL,
			"P2M (note INIT_P2M) at %#lx to %#lx reaches into "
			"the initial mapping at %#lx",
			map->va.v, last, p->layout->virt_base.v);
	}
	take(p, LAYOUT_P2M, map->nr, true);
	p->layout->part[LAYOUT_P2M].va = map->va;
	last = count_tables(p->notes->width, map,
			    &p->layout->map[LAYOUT_MAP_INITIAL]);
	place_tables(p->notes->width, p->request->root_first, map,
		     pfn(p->next));
	take(p, LAYOUT_P2M_TABLES, last, false);
	return 0;
}

static int check_memory(const struct plan *p)
{
	const struct layout_range *part = p->layout->part;

	if (p->next <= p->request->nr_pages) {
		return 0;
	}
	return error_set(
		p->e, XEN_ENOMEM,
		"memory of %lu pages (%lu MiB) is too small: %lu pages (%lu "
		"MiB) needed "
		"(initial mapping %lu MiB, initrd %lu MiB, P2M %lu MiB)",
		p->request->nr_pages,
		p->request->nr_pages / (MIB >> PAGE_SHIFT), p->next,
		mib_of(p->next), mib_of(p->layout->map[LAYOUT_MAP_INITIAL].nr),
		mib_of(part[LAYOUT_INITRD].nr), mib_of(part[LAYOUT_P2M].nr));
}

static void copy_notes(struct plan *p)
{
	struct layout *l = p->layout;

	l->width = p->notes->width;
	l->extended_cr3 = p->notes->pae == NOTES_PAE_EXTENDED;
	l->nr_pages = p->request->nr_pages;
	l->virt_base = p->notes->virt_base;
	l->entry = p->notes->entry;
	l->initrd_size = p->request->initrd_size;
	l->paddr_offset = p->notes->paddr_offset;
	l->has_symtab = p->notes->has_symtab;
	l->symtab = p->notes->symtab;
	l->symtab_at = p->notes->symtab_at;
	l->has_hypercall_page = notes_has(p->notes, XEN_ELFNOTE_HYPERCALL_PAGE);
	if (l->has_hypercall_page) {
		l->hypercall_page = paddr_to_pfn(
			paddr(p->notes->hypercall_page.v - l->virt_base.v));
	}
}

int layout_plan(const struct xen_notes *notes,
		const struct layout_request *request, struct layout *layout,
		struct build_error *e)
{
	struct plan p = {.request = request,
			 .notes = notes,
			 .layout = layout,
			 .e = e};
	int rc;

	memset(layout, 0, sizeof(*layout));
	rc = check_request(&p);
	if (rc != 0) {
		return rc;
	}
	copy_notes(&p);
	plan_contents(&p);
	rc = plan_initial_mapping(&p);
	if (rc != 0) {
		return rc;
	}
	if (initrd_unmapped(&p)) {
		take(&p, LAYOUT_INITRD, pages_of(request->initrd_size), false);
	}
	if (p2m_outside(&p)) {
		rc = plan_p2m_outside(&p);
		if (rc != 0) {
			return rc;
		}
	}
	rc = check_memory(&p);
	if (rc == 0) {
		take(&p, LAYOUT_FREE, request->nr_pages - p.next, false);
	}
	return rc;
}

const char *layout_part_name(enum layout_part part)
{
	static const char *const names[LAYOUT_NR_PARTS] = {
		[LAYOUT_LOW] = "memory below the kernel",
		[LAYOUT_KERNEL] = "kernel",
		[LAYOUT_INITRD] = "initrd",
		[LAYOUT_P2M] = "P2M list",
		[LAYOUT_P2M_TABLES] = "page tables of the P2M list",
		[LAYOUT_START_INFO] = "start_info",
		[LAYOUT_STORE] = "xenstore ring",
		[LAYOUT_CONSOLE] = "console ring",
		[LAYOUT_TABLES] = "page tables",
		[LAYOUT_STACK] = "boot stack",
		[LAYOUT_PADDING_PAGES] = "padding",
		[LAYOUT_FREE] = "free memory",
	};

	return (unsigned int)part < LAYOUT_NR_PARTS ? names[part] : NULL;
}

unsigned int layout_in_order(const struct layout *layout,
			     enum layout_part order[LAYOUT_NR_PARTS])
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < LAYOUT_NR_PARTS; i++) {
		unsigned int at = n;

		if (layout->part[i].nr == 0) {
			continue;
		}
		while (at > 0 && layout->part[order[at - 1]].pfn.v >
					 layout->part[i].pfn.v) {
			order[at] = order[at - 1];
			at--;
		}
		order[at] = (enum layout_part)i;
		n++;
	}
	return n;
}

pfn_t layout_table(const struct layout *layout, unsigned int level, vaddr_t va)
{
	uint64_t wanted =
		(va.v & layout->width->va_mask) >> pt_shift(level + 1);

	for (unsigned int m = 0; m < LAYOUT_NR_MAPPINGS; m++) {
		const struct layout_level *l = &layout->map[m].level[level];

		if (wanted - l->first < l->nr) {
			return layout_level_pfn(l, wanted - l->first);
		}
	}
	return PFN_INVALID;
}

pfn_t layout_root(const struct layout *layout)
{
	return layout->map[LAYOUT_MAP_INITIAL].level[layout->width->levels].pfn;
}

vaddr_t layout_pt_base(const struct layout *layout)
{
	return vaddr_add(layout->virt_base,
			 pfn_to_paddr(layout_root(layout)).v);
}
