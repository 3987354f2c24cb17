/* SPDX-License-Identifier: MIT */
/*
 * struct start_info, of either width. It is filled in the wide form, in which
 * every number has room; a 32-bit kernel's is copied from that, field by field.
 * No field loses a bit on the way: addresses of the mapping and frame numbers
 * are bounded by the layout and by build_check().
 */
#include <stddef.h>
#include <string.h>

#include "abi/xen.h"
#include "builder/build.h"
#include "builder/guest_memory.h"

#include <xen/foreign/x86_32.h>

_Static_assert(MAX_GUEST_CMDLINE == LAYOUT_CMDLINE_SIZE, "one command line");
_Static_assert(sizeof(((struct start_info_x86_32 *)NULL)->cmd_line) ==
		       LAYOUT_CMDLINE_SIZE,
	       "for both widths");

static void set_text(int8_t *to, const char *from)
{
	while (*from != '\0') {
		*to++ = (int8_t)*from++;
	}
}

static void set_initrd(struct start_info *si, const struct layout *layout)
{
	const struct layout_range *initrd = &layout->part[LAYOUT_INITRD];

	if (initrd->nr == 0) {
		return;
	}
	si->mod_len = layout->initrd_size;
	if (initrd->mapped) {
		si->mod_start = initrd->va.v;
	} else {
		si->mod_start = initrd->pfn.v;
		si->flags |= SIF_MOD_START_PFN;
	}
}

static void set_p2m(struct start_info *si, const struct layout *layout)
{
	const struct layout_range *p2m = &layout->part[LAYOUT_P2M];

	si->mfn_list = p2m->va.v;
	if (layout->map[LAYOUT_MAP_P2M].nr != 0) {
		si->first_p2m_pfn = p2m->pfn.v;
		si->nr_p2m_frames =
			p2m->nr + layout->part[LAYOUT_P2M_TABLES].nr;
	}
}

/* Into zeroed memory, as all of these are. */
static void fill(struct start_info *si, const struct build_memory *memory,
		 const struct layout *layout, const struct build_params *params)
{
	const struct layout_range *part = layout->part;

	si->nr_pages = layout->nr_pages;
	si->shared_info = params->shared_info.v;
	si->flags = params->flags;
	si->store_mfn = build_mfn(memory, part[LAYOUT_STORE].pfn).v;
	si->store_evtchn = params->store_port;
	si->console.domU.mfn = build_mfn(memory, part[LAYOUT_CONSOLE].pfn).v;
	si->console.domU.evtchn = params->console_port;
	si->pt_base = layout_pt_base(layout).v;
	si->nr_pt_frames = part[LAYOUT_TABLES].nr;
	set_p2m(si, layout);
	set_initrd(si, layout);
}

static void narrow(struct start_info_x86_32 *to, const struct start_info *si)
{
	to->nr_pages = (uint32_t)si->nr_pages;
	to->shared_info = (uint32_t)si->shared_info;
	to->flags = si->flags;
	to->store_mfn = (uint32_t)si->store_mfn;
	to->store_evtchn = si->store_evtchn;
	to->console.domU.mfn = (uint32_t)si->console.domU.mfn;
	to->console.domU.evtchn = si->console.domU.evtchn;
	to->pt_base = (uint32_t)si->pt_base;
	to->nr_pt_frames = (uint32_t)si->nr_pt_frames;
	to->mfn_list = (uint32_t)si->mfn_list;
	to->mod_start = (uint32_t)si->mod_start;
	to->mod_len = (uint32_t)si->mod_len;
	to->first_p2m_pfn = (uint32_t)si->first_p2m_pfn;
	to->nr_p2m_frames = (uint32_t)si->nr_p2m_frames;
}

/* The text of both widths is long: it is written in its place. */
static void set_texts(void *magic, int8_t *cmd_line,
		      const struct layout *layout,
		      const struct build_params *params)
{
	set_text(magic, layout->width->magic);
	if (params->cmdline != NULL) {
		set_text(cmd_line, params->cmdline);
	}
}

static void zero_part(const struct build_memory *memory,
		      const struct layout *layout, enum layout_part part)
{
	const struct layout_range *r = &layout->part[part];

	guest_zero(memory, pfn_to_paddr(r->pfn), r->nr << PAGE_SHIFT);
}

void build_start_info(const struct build_memory *memory,
		      const struct layout *layout,
		      const struct build_params *params)
{
	void *page;

	zero_part(memory, layout, LAYOUT_START_INFO);
	zero_part(memory, layout, LAYOUT_STORE);
	zero_part(memory, layout, LAYOUT_CONSOLE);
	zero_part(memory, layout, LAYOUT_STACK);
	page = guest_page(memory, layout->part[LAYOUT_START_INFO].pfn);
	if (layout->width->word == sizeof(uint64_t)) {
		struct start_info *si = page;

		fill(si, memory, layout, params);
		set_texts(si->magic, si->cmd_line, layout, params);
	} else {
		struct start_info_x86_32 *si = page;
		struct start_info wide;

		memset(&wide, 0, sizeof(wide));
		fill(&wide, memory, layout, params);
		narrow(si, &wide);
		set_texts(si->magic, si->cmd_line, layout, params);
	}
}
