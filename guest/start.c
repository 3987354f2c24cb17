/* SPDX-License-Identifier: MIT */
/*
 * The start of day: start_info is read once, checked as a whole, and kept in
 * the library's own units. Whatever contradicts itself stops the boot here,
 * before a table is built, with a line that names the field.
 *
 * Where the initial mapping ends is not in start_info; the builder's tables
 * say it, upwards from the last thing that start_info places.
 */
#include "guest/internal.h"

/* Page frames fit 40 bits, so that no shift of one overflows. */
#define MAX_PAGES (UINT64_C(1) << MFN_BITS)
/*
 * The ABI maps at least 512 KiB behind the last element: so much above
 * start_info there is no fault, whatever pt_base says.
 */
#define SURELY_MAPPED ((UINT64_C(512) << 10) >> PAGE_SHIFT)

static int bad(struct guest *g, const char *field, uint64_t value)
{
	return guest_fail(g, XEN_EINVAL, "start_info: %s %lx makes no sense",
			  field, value);
}

/* An address in the initial mapping, page-aligned, becomes a frame. */
static int frame_of(struct guest *g, const char *field, uint64_t va, pfn_t *ret)
{
	uint64_t offset = va - g->config.virt_base.v;

	if (va < g->config.virt_base.v || page_offset(va) != 0 ||
	    offset >> PAGE_SHIFT >= g->boot.nr_pages) {
		return bad(g, field, va);
	}
	*ret = pfn(offset >> PAGE_SHIFT);
	return 0;
}

static int check_range(struct guest *g, const char *field, pfn_t start,
		       uint64_t nr, pfn_t *ret_end)
{
	if (start.v >= g->boot.nr_pages || nr > g->boot.nr_pages - start.v) {
		return guest_fail(g, XEN_EINVAL,
				  "start_info: %s: %lu frames from pfn %lx are "
				  "beyond nr_pages %lu",
				  field, nr, start.v, g->boot.nr_pages);
	}
	*ret_end = pfn_add(start, nr);
	return 0;
}

static int read_tables(struct guest *g, const struct start_info *si)
{
	struct guest_boot *b = &g->boot;
	int error = frame_of(g, "pt_base", si->pt_base, &b->tables_start);

	if (error != 0) {
		return error;
	}
	/* Between them there are no more than two rings. */
	if (b->tables_start.v <= b->start_info.v ||
	    b->tables_start.v - b->start_info.v > SURELY_MAPPED) {
		return bad(g, "pt_base", si->pt_base);
	}
	if (si->nr_pt_frames < g->config.geometry->levels) {
		return bad(g, "nr_pt_frames", si->nr_pt_frames);
	}
	b->root = b->tables_start;
	return check_range(g, "page tables", b->tables_start, si->nr_pt_frames,
			   &b->tables_end);
}

static unsigned int va_slot(const struct guest *g, uint64_t va)
{
	return geometry_index(g->config.geometry, vaddr(va),
			      g->config.geometry->levels);
}

static int read_p2m(struct guest *g, const struct start_info *si)
{
	struct guest_boot *b = &g->boot;
	uint64_t nr = page_round_up(b->nr_pages * 8) >> PAGE_SHIFT;
	uint64_t top =
		geometry_span(g->config.geometry, g->config.geometry->levels);
	int error;

	b->p2m_list = vaddr(si->mfn_list);
	b->p2m_outside = si->mfn_list < g->config.virt_base.v;
	if (!b->p2m_outside) {
		error = frame_of(g, "mfn_list", si->mfn_list, &b->p2m_start);
		if (error == 0 && b->p2m_start.v >= b->start_info.v) {
			error = bad(g, "mfn_list", si->mfn_list);
		}
		return error != 0 ? error
				  : check_range(g, "mfn_list", b->p2m_start, nr,
						&b->p2m_end);
	}
	/* At the beginning of slots that it has for itself. */
	if (si->mfn_list == 0 || si->mfn_list % top != 0 ||
	    !vaddr_canonical(b->p2m_list) ||
	    (si->mfn_list + (nr << PAGE_SHIFT) - 1) >> 47 != 0) {
		return bad(g, "mfn_list", si->mfn_list);
	}
	/* The slots are dropped whole when the list is given back. */
	if (va_slot(g, g->config.virt_base.v) >= va_slot(g, si->mfn_list) &&
	    va_slot(g, g->config.virt_base.v) <=
		    va_slot(g, si->mfn_list + (nr << PAGE_SHIFT) - 1)) {
		return guest_fail(g, XEN_EINVAL,
				  "start_info: the P2M at %lx shares a slot of "
				  "the root with the kernel at %lx",
				  si->mfn_list, g->config.virt_base.v);
	}
	if (si->nr_p2m_frames <= nr) {
		return guest_fail(g, XEN_EINVAL,
				  "start_info: nr_p2m_frames %lu has no room "
				  "for a list of %lu and its tables",
				  si->nr_p2m_frames, nr);
	}
	b->p2m_start = pfn(si->first_p2m_pfn);
	return check_range(g, "first_p2m_pfn", b->p2m_start, si->nr_p2m_frames,
			   &b->p2m_end);
}

static int read_module(struct guest *g, const struct start_info *si)
{
	struct guest_boot *b = &g->boot;
	int error = 0;

	b->module_bytes = si->mod_len;
	if (si->mod_len == 0) {
		b->module_start = b->module_end = pfn(0);
		return 0;
	}
	if (si->mod_len > b->nr_pages << PAGE_SHIFT) {
		return bad(g, "mod_len", si->mod_len);
	}
	b->module_start = pfn(si->mod_start);
	if (!(si->flags & SIF_MOD_START_PFN)) {
		error = frame_of(g, "mod_start", si->mod_start,
				 &b->module_start);
	}
	if (error != 0) {
		return error;
	}
	return check_range(g, "module", b->module_start,
			   page_round_up(si->mod_len) >> PAGE_SHIFT,
			   &b->module_end);
}

static int read_cmdline(struct guest *g, const struct start_info *si)
{
	for (unsigned int i = 0; i < sizeof(si->cmd_line); i++) {
		g->boot.cmdline[i] = (char)si->cmd_line[i];
		if (si->cmd_line[i] == 0) {
			return 0;
		}
	}
	return guest_fail(g, XEN_EINVAL, "start_info: cmd_line does not end");
}

static int read_start_info(struct guest *g, const struct start_info *si,
			   vaddr_t at)
{
	struct guest_boot *b = &g->boot;
	int error;

	if (__builtin_memcmp(si->magic, "xen-3.", 6) != 0) {
		return guest_fail(g, XEN_EINVAL, "start_info: no magic");
	}
	if (si->nr_pages == 0 || si->nr_pages > MAX_PAGES) {
		return bad(g, "nr_pages", si->nr_pages);
	}
	b->nr_pages = si->nr_pages;
	b->flags = si->flags;
	if (si->shared_info == 0 || page_offset(si->shared_info) != 0 ||
	    si->shared_info & ~PTE_FRAME_MASK) {
		return bad(g, "shared_info", si->shared_info);
	}
	b->shared_info = maddr(si->shared_info);
	b->store = mfn(si->store_mfn);
	b->store_port = si->store_evtchn;
	b->console = MFN_INVALID;
	if (!(si->flags & SIF_INITDOMAIN)) {
		b->console = mfn(si->console.domU.mfn);
		b->console_port = si->console.domU.evtchn;
	}
	error = frame_of(g, "address", at.v, &b->start_info);
	if (error == 0) {
		error = read_tables(g, si);
	}
	if (error == 0) {
		error = read_p2m(g, si);
	}
	if (error == 0) {
		error = read_module(g, si);
	}
	return error == 0 ? read_cmdline(g, si) : error;
}

/* What start_info places must be apart. */
static int check_overlaps(struct guest *g)
{
	const struct guest_boot *b = &g->boot;
	const struct {
		const char *name;
		pfn_t start;
		pfn_t end;
	} part[] = {
		{"the kernel", g->config.kernel_start, g->config.kernel_end},
		{"the module", b->module_start, b->module_end},
		{"the P2M", b->p2m_start, b->p2m_end},
		{"start_info", b->start_info, b->tables_start},
		{"the page tables and the stack", b->tables_start,
		 pfn_add(b->tables_end, 1)},
	};
	const unsigned int nr = sizeof(part) / sizeof(part[0]);

	for (unsigned int i = 0; i < nr; i++) {
		for (unsigned int j = i + 1; j < nr; j++) {
			if (part[i].start.v < part[j].end.v &&
			    part[j].start.v < part[i].end.v) {
				return guest_fail(
					g, XEN_EINVAL,
					"start_info: %s (pfn %lx to %lx) "
					"overlaps %s (pfn %lx to %lx)",
					part[i].name, part[i].start.v,
					part[i].end.v, part[j].name,
					part[j].start.v, part[j].end.v);
			}
		}
	}
	return 0;
}

static int check_config(struct guest *g)
{
	const struct guest_config *c = &g->config;

	if (page_offset(c->virt_base.v | c->direct_base.v | c->windows.v)) {
		return guest_fail(g, XEN_EINVAL,
				  "config: an address is not page-aligned");
	}
	if (c->kernel_start.v >= c->kernel_end.v ||
	    c->kernel_end.v > g->boot.nr_pages) {
		return guest_fail(g, XEN_EINVAL,
				  "config: the kernel's image, pfn %lx to %lx, "
				  "is not in %lu pages",
				  c->kernel_start.v, c->kernel_end.v,
				  g->boot.nr_pages);
	}
	return 0;
}

/* Before the list is read: where nothing is mapped, that is a fault. */
static int check_p2m_slots(struct guest *g)
{
	const struct guest_boot *b = &g->boot;
	uint64_t last = b->p2m_list.v + b->nr_pages * 8 - 1;

	for (unsigned int i = va_slot(g, b->p2m_list.v); i <= va_slot(g, last);
	     i++) {
		pte_t e = entry_load(g, guest_initial_va(g, b->root), i);

		if (!pte_present(e)) {
			return guest_fail(
				g, XEN_EINVAL,
				"start_info: the table at pt_base, "
				"pfn %lx, has nothing at mfn_list %lx",
				b->root.v, b->p2m_list.v);
		}
	}
	return 0;
}

/*
 * The entry that maps a frame in the initial mapping. All tables on the way
 * must be those that start_info has.
 */
static int initial_entry(struct guest *g, pfn_t frame, unsigned int *ret_level,
			 pte_t *ret)
{
	const struct geometry *s = g->config.geometry;
	const struct guest_boot *b = &g->boot;
	vaddr_t va = guest_initial_va(g, frame);
	unsigned int level = s->levels;
	pfn_t table = b->root;

	for (;; level--) {
		pte_t e = entry_load(g, guest_initial_va(g, table),
				     geometry_index(s, va, level));

		if (!pte_present(e) || entry_is_leaf(g, level, e)) {
			*ret_level = level;
			*ret = e;
			return pte_present(e) ? 0 : -XEN_ENOENT;
		}
		table = p2m_find(g, entry_mfn(g, e));
		if (table.v < b->tables_start.v || table.v >= b->tables_end.v) {
			return guest_fail(g, XEN_EINVAL,
					  "start_info: nr_pt_frames %lu: the "
					  "table of entry %lx, pfn %lx, is not "
					  "among them",
					  b->tables_end.v - b->tables_start.v,
					  e.v, table.v);
		}
	}
}

/* Tables are mapped read-only, and nothing else is from pt_base on. */
static int check_initial_entry(struct guest *g, pfn_t frame, unsigned int level,
			       pte_t e)
{
	const struct guest_boot *b = &g->boot;

	if (level != 1 || !mfn_eq(pte_mfn(e), p2m_get(g, frame))) {
		return guest_fail(g, XEN_EINVAL,
				  "the initial mapping of pfn %lx is entry %lx",
				  frame.v, e.v);
	}
	if (pte_writable(e) != (frame.v >= b->tables_end.v)) {
		return guest_fail(g, XEN_EINVAL,
				  "start_info: nr_pt_frames %lu: pfn %lx is "
				  "mapped by entry %lx",
				  b->tables_end.v - b->tables_start.v, frame.v,
				  e.v);
	}
	return 0;
}

/* Upwards from the tables, as long as pfn n is mapped where it should be. */
static int find_mapped_end(struct guest *g)
{
	struct guest_boot *b = &g->boot;
	pfn_t at = b->tables_start;

	while (at.v < b->nr_pages) {
		unsigned int level = 0;
		pte_t e = pte(0);
		int error = initial_entry(g, at, &level, &e);

		if (error == -XEN_ENOENT) {
			break;
		}
		if (error == 0) {
			error = check_initial_entry(g, at, level, e);
		}
		if (error != 0) {
			return error;
		}
		at = pfn_add(at, 1);
	}
	/* The stack comes after the tables. */
	if (at.v <= b->tables_end.v) {
		return guest_fail(g, XEN_EINVAL,
				  "the initial mapping ends at pfn %lx, before "
				  "what the builder put there",
				  at.v);
	}
	b->mapped_start = pfn(0);
	b->mapped_end = at;
	return 0;
}

static void guest_init(struct guest *g, const struct guest_config *config,
		       const struct guest_ops *ops)
{
	__builtin_memset(g, 0, sizeof(*g));
	g->config = *config;
	g->ops = ops;
	memblock_init(&g->memblock);
	g->directmap.base = config->direct_base;
	for (unsigned int i = 0; i < GUEST_WINDOWS; i++) {
		g->window[i].frame = PFN_INVALID;
	}
	g->kernel.end_slot =
		config->geometry->level[config->geometry->levels].nr_entries;
}

int guest_start(struct guest *g, const struct guest_config *config,
		vaddr_t start_info)
{
	struct start_info si;
	int error;

	guest_init(g, config, &guest_ops_xen_boot);
	if (config->geometry != &geometry_4level) {
		return guest_fail(g, XEN_EINVAL,
				  "config: geometry %s under "
				  "a 64-bit hypervisor",
				  config->geometry->name);
	}
	if (page_offset(start_info.v) != 0) {
		return bad(g, "address", start_info.v);
	}
	port_read(g, &si, start_info, sizeof(si));
	error = read_start_info(g, &si, start_info);
	if (error == 0) {
		error = check_config(g);
	}
	if (error == 0) {
		error = check_overlaps(g);
	}
	if (error != 0) {
		return error;
	}
	g->p2m.kind = P2M_LIST;
	g->p2m.list = g->boot.p2m_list;
	g->p2m.nr = g->boot.nr_pages;
	g->kernel.root = g->boot.root;
	g->kernel.pinned = true;
	error = check_p2m_slots(g);
	if (error != 0) {
		return error;
	}
	if (!pfn_eq(p2m_find(g, p2m_get(g, g->boot.root)), g->boot.root)) {
		return guest_fail(g, XEN_EINVAL,
				  "start_info: P2M and M2P do not agree on "
				  "the frame of pt_base, pfn %lx",
				  g->boot.root.v);
	}
	return find_mapped_end(g);
}

int guest_start_native(struct guest *g, const struct guest_config *config,
		       const struct guest_native *native)
{
	int error;

	guest_init(g, config, &guest_ops_native);
	if (native->nr_pages == 0 || native->nr_pages > MAX_PAGES ||
	    native->mapped_end.v > native->nr_pages ||
	    native->tables_start.v >= native->tables_end.v ||
	    native->tables_end.v > native->mapped_end.v) {
		return guest_fail(g, XEN_EINVAL,
				  "native: the boot tables or the boot "
				  "mapping are beyond nr_pages %lu",
				  native->nr_pages);
	}
	g->boot.nr_pages = native->nr_pages;
	g->boot.mapped_end = native->mapped_end;
	g->boot.tables_start = native->tables_start;
	g->boot.tables_end = native->tables_end;
	g->boot.root = native->root;
	g->boot.console = MFN_INVALID;
	g->p2m.kind = P2M_IDENTITY;
	g->p2m.nr = native->nr_pages;
	g->kernel.root = native->root;
	g->kernel.pinned = true;
	g->e820 = native->e820;
	error = check_config(g);
	return error;
}
