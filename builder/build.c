/* SPDX-License-Identifier: MIT */
/*
 * Writes what the layout says into the domain's memory. Frames of a domain
 * are contiguous by pfn and may lie anywhere by mfn, so that everything goes
 * through two functions that split at the ends of runs: guest_span for
 * pointers, and a cursor for walking pfns in order. The P2M of a domain of
 * half a TiB has 10^8 entries: it is written run by run, without a look-up
 * per entry.
 *
 * build_check proves once what the steps rely on: every pfn below nr_pages
 * has a frame. The layout proves that every part lies below nr_pages.
 */
#include "builder/build.h"

#include <stddef.h>
#include <string.h>

#include "builder/guest_memory.h"

int build_check(const struct build_memory *memory, const struct layout *layout,
		const struct build_params *params, struct build_error *e)
{
	uint64_t next = 0;

	for (unsigned int i = 0; i < memory->nr_runs; i++) {
		const struct pfn_run *r = &memory->runs[i];

		if (r->pfn.v != next || r->nr == 0) {
			return error_set(
				e, XEN_EINVAL,
				"run %lu of the domain's memory begins "
				"at pfn %#lx and not at %#lx, or is empty",
				(uint64_t)i, r->pfn.v, next);
		}
		if (r->nr > UINT64_C(1) << MFN_BITS ||
		    r->mfn.v > (UINT64_C(1) << MFN_BITS) - r->nr) {
			return error_set(
				e, XEN_EINVAL,
				"run %lu of the domain's memory: mfn %#lx "
				"+ %#lx is above %lu bits",
				(uint64_t)i, r->mfn.v, r->nr,
				(uint64_t)MFN_BITS);
		}
		next += r->nr;
	}
	if (next < layout->nr_pages) {
		return error_set(e, XEN_ENOMEM,
				 "the domain's memory has %lu pages, and its "
				 "layout needs %lu",
				 next, layout->nr_pages);
	}
	next = 0;
	while (params->cmdline != NULL && params->cmdline[next] != '\0') {
		next++;
		if (next == LAYOUT_CMDLINE_SIZE) {
			return error_set(e, XEN_EINVAL,
					 "command line is longer than the %lu "
					 "bytes that start_info holds",
					 (uint64_t)LAYOUT_CMDLINE_SIZE - 1);
		}
	}
	return 0;
}

static void zero_part(const struct build_memory *memory,
		      const struct layout *layout, enum layout_part part)
{
	const struct layout_range *r = &layout->part[part];

	guest_zero(memory, pfn_to_paddr(r->pfn), r->nr << PAGE_SHIFT);
}

/* The segment that begins first at or above an address; NULL at the end. */
static const struct elf_segment *next_segment(const struct elf_image *image,
					      uint64_t from)
{
	const struct elf_segment *best = NULL;

	for (unsigned int i = 0; i < image->nr_segments; i++) {
		const struct elf_segment *s = &image->segment[i];

		if (s->paddr >= from &&
		    (best == NULL || s->paddr < best->paddr)) {
			best = s;
		}
	}
	return best;
}

void build_kernel(const struct build_memory *memory,
		  const struct layout *layout, const struct elf_image *image)
{
	const struct layout_range *kernel = &layout->part[LAYOUT_KERNEL];
	uint64_t at = pfn_to_paddr(kernel->pfn).v;
	uint64_t end = at + (kernel->nr << PAGE_SHIFT);
	const struct elf_segment *s;

	/* Every byte is written once: the gaps with zeros. */
	while ((s = next_segment(image, at + layout->paddr_offset)) != NULL) {
		uint64_t start = s->paddr - layout->paddr_offset;

		guest_zero(memory, paddr(at), start - at);
		guest_copy(memory, paddr(start), image->file + s->offset,
			   s->filesz);
		guest_zero(memory, paddr(start + s->filesz),
			   s->memsz - s->filesz);
		at = start + s->memsz;
	}
	guest_zero(memory, paddr(at), end - at);
	if (layout->has_hypercall_page) {
		build_hypercall_page(
			guest_page(memory, layout->hypercall_page));
	}
}

void build_initrd(const struct build_memory *memory,
		  const struct layout *layout,
		  const struct build_params *params)
{
	const struct layout_range *r = &layout->part[LAYOUT_INITRD];
	paddr_t start = pfn_to_paddr(r->pfn);

	if (params->initrd == NULL) {
		return;
	}
	guest_copy(memory, start, params->initrd, layout->initrd_size);
	guest_zero(memory, paddr(start.v + layout->initrd_size),
		   (r->nr << PAGE_SHIFT) - layout->initrd_size);
}

void build_p2m(const struct build_memory *memory, const struct layout *layout)
{
	const struct layout_range *r = &layout->part[LAYOUT_P2M];
	struct guest_cursor value = guest_cursor_at(memory, pfn(0));
	uint64_t left = layout->nr_pages;
	uint64_t page = 0;

	while (page < r->nr) {
		uint64_t nr_pages;
		uint64_t *out = guest_span(memory, pfn_add(r->pfn, page),
					   r->nr - page, &nr_pages);
		uint64_t *end = out + nr_pages * (PAGE_SIZE / sizeof(*out));

		while (out < end && left > 0) {
			uint64_t n = (uint64_t)(end - out);
			uint64_t m = guest_cursor_mfn(&value).v;

			n = n < left ? n : left;
			n = guest_cursor_advance(&value, n);
			left -= n;
			for (; n > 0; n--) {
				*out++ = m++;
			}
		}
		/* What is beyond the domain's last page has no frame. */
		while (out < end) {
			*out++ = INVALID_FRAME;
		}
		page += nr_pages;
	}
}

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

void build_start_info(const struct build_memory *memory,
		      const struct layout *layout,
		      const struct build_params *params)
{
	static const char magic[] = "xen-3.0-x86_64";
	const struct layout_range *part = layout->part;
	struct start_info *si;

	zero_part(memory, layout, LAYOUT_START_INFO);
	zero_part(memory, layout, LAYOUT_STORE);
	zero_part(memory, layout, LAYOUT_CONSOLE);
	zero_part(memory, layout, LAYOUT_STACK);
	si = guest_page(memory, part[LAYOUT_START_INFO].pfn);
	memcpy(si->magic, magic, sizeof(magic));
	si->nr_pages = layout->nr_pages;
	si->shared_info = params->shared_info.v;
	si->flags = params->flags;
	si->store_mfn = build_mfn(memory, part[LAYOUT_STORE].pfn).v;
	si->store_evtchn = params->store_port;
	si->console.domU.mfn = build_mfn(memory, part[LAYOUT_CONSOLE].pfn).v;
	si->console.domU.evtchn = params->console_port;
	si->pt_base = part[LAYOUT_TABLES].va.v;
	si->nr_pt_frames = part[LAYOUT_TABLES].nr;
	set_p2m(si, layout);
	set_initrd(si, layout);
	if (params->cmdline != NULL) {
		set_text(si->cmd_line, params->cmdline);
	}
}

void build_finish(const struct build_memory *memory,
		  const struct layout *layout, struct build_result *result)
{
	const struct layout_range *part = layout->part;

	*result = (struct build_result){
		.entry = layout->entry,
		.start_info = part[LAYOUT_START_INFO].va,
		.stack_top = vaddr_add(part[LAYOUT_STACK].va, PAGE_SIZE),
		.l4_pfn = part[LAYOUT_TABLES].pfn,
		.l4 = build_mfn(memory, part[LAYOUT_TABLES].pfn),
		.start_info_frame =
			build_mfn(memory, part[LAYOUT_START_INFO].pfn),
		.store_frame = build_mfn(memory, part[LAYOUT_STORE].pfn),
		.console_frame = build_mfn(memory, part[LAYOUT_CONSOLE].pfn),
	};
}

int build_domain(const struct build_memory *memory, const struct layout *layout,
		 const struct elf_image *image,
		 const struct build_params *params, struct build_result *result,
		 struct build_error *e)
{
	int rc = build_check(memory, layout, params, e);

	if (rc != 0) {
		return rc;
	}
	build_kernel(memory, layout, image);
	build_initrd(memory, layout, params);
	build_p2m(memory, layout);
	build_tables(memory, layout);
	build_start_info(memory, layout, params);
	build_finish(memory, layout, result);
	return 0;
}
