/* SPDX-License-Identifier: MIT */
/*
 * start_info is read once, checked as a whole, and kept in the library's own
 * units. Whatever contradicts itself stops the boot here, before a table is
 * built, with a line that names the field.
 */
#include "guest/start/start.h"

#include <xen/foreign/x86_32.h>
#include <xen/foreign/x86_64.h>

_Static_assert(MAX_GUEST_CMDLINE == GUEST_CMDLINE_SIZE, "one command line");

/*
 * The ABI maps at least 512 KiB behind the last element: so much above
 * start_info there is no fault, whatever pt_base says.
 */
#define SURELY_MAPPED ((UINT64_C(512) << 10) >> PAGE_SHIFT)

/* The numbers of one form; the texts are of one size in both. */
#define WIDEN(to, from)                                            \
	do {                                                       \
		__builtin_memcpy((to)->magic, (from).magic,        \
				 sizeof((to)->magic));             \
		(to)->nr_pages = (from).nr_pages;                  \
		(to)->shared_info = (from).shared_info;            \
		(to)->flags = (from).flags;                        \
		(to)->store_mfn = (from).store_mfn;                \
		(to)->store_evtchn = (from).store_evtchn;          \
		(to)->console_mfn = (from).console.domU.mfn;       \
		(to)->console_evtchn = (from).console.domU.evtchn; \
		(to)->pt_base = (from).pt_base;                    \
		(to)->nr_pt_frames = (from).nr_pt_frames;          \
		(to)->mfn_list = (from).mfn_list;                  \
		(to)->mod_start = (from).mod_start;                \
		(to)->mod_len = (from).mod_len;                    \
		(to)->first_p2m_pfn = (from).first_p2m_pfn;        \
		(to)->nr_p2m_frames = (from).nr_p2m_frames;        \
		__builtin_memcpy((to)->cmd_line, (from).cmd_line,  \
				 sizeof((to)->cmd_line));          \
	} while (0)

void guest_start_info_load(struct guest *g, struct guest_start_info *si,
			   vaddr_t at)
{
	union {
		struct start_info_x86_32 narrow;
		struct start_info_x86_64 wide;
	} form;

	if (g->config.geometry->word == 4) {
		guest_port_read(g, &form.narrow, at, sizeof(form.narrow));
		WIDEN(si, form.narrow);
	} else {
		guest_port_read(g, &form.wide, at, sizeof(form.wide));
		WIDEN(si, form.wide);
	}
}

static int bad(struct guest *g, const char *field, uint64_t value)
{
	return guest_fail(g, XEN_EINVAL, "start_info: %s %lx makes no sense",
			  field, value);
}

/* An address in the initial mapping, page-aligned, becomes a frame. */
static int initial_frame(struct guest *g, const char *field, uint64_t va,
			 pfn_t *ret)
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

static int read_tables(struct guest *g, const struct guest_start_info *si)
{
	struct guest_boot *b = &g->boot;
	int error = initial_frame(g, "pt_base", si->pt_base, &b->tables_start);

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

static int read_p2m(struct guest *g, const struct guest_start_info *si)
{
	struct guest_boot *b = &g->boot;
	uint64_t nr = page_round_up(b->nr_pages * g->config.geometry->word) >>
		      PAGE_SHIFT;
	uint64_t top = guest_geometry_span(g->config.geometry,
					   g->config.geometry->levels);
	int error;

	b->p2m_list = vaddr(si->mfn_list);
	b->p2m_outside = si->mfn_list < g->config.virt_base.v;
	if (!b->p2m_outside) {
		error = initial_frame(g, "mfn_list", si->mfn_list,
				      &b->p2m_start);
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

static int read_module(struct guest *g, const struct guest_start_info *si)
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
		error = initial_frame(g, "mod_start", si->mod_start,
				      &b->module_start);
	}
	if (error != 0) {
		return error;
	}
	return check_range(g, "module", b->module_start,
			   page_round_up(si->mod_len) >> PAGE_SHIFT,
			   &b->module_end);
}

static int read_cmdline(struct guest *g, const struct guest_start_info *si)
{
	for (unsigned int i = 0; i < sizeof(si->cmd_line); i++) {
		g->boot.cmdline[i] = (char)si->cmd_line[i];
		if (si->cmd_line[i] == 0) {
			return 0;
		}
	}
	return guest_fail(g, XEN_EINVAL, "start_info: cmd_line does not end");
}

int guest_start_info_read(struct guest *g, const struct guest_start_info *si,
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
		b->console = mfn(si->console_mfn);
		b->console_port = si->console_evtchn;
	}
	error = initial_frame(g, "address", at.v, &b->start_info);
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
int guest_start_info_check_overlaps(struct guest *g)
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
