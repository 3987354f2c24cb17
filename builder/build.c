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
 * has a frame, and every number a place in which a kernel of its width finds it
 * whole. The layout proves that every part lies below nr_pages.
 */
#include "builder/build.h"

#include <stddef.h>
#include <string.h>

#include "builder/guest_memory.h"
#include "builder/symtab.h"

static int check_run(const struct pfn_run *r, uint64_t n, uint64_t next,
		     const struct guest_width *width, struct build_error *e)
{
	if (r->pfn.v != next || r->nr == 0) {
		return error_set(e, XEN_EINVAL,
				 "run %lu of the domain's memory begins "
				 "at pfn %#lx and not at %#lx, or is empty",
				 n, r->pfn.v, next);
	}
	if (r->nr - 1 > width->max_mfn ||
	    r->mfn.v > width->max_mfn - (r->nr - 1)) {
		return error_set(
			e, XEN_EINVAL,
			"run %lu of the domain's memory: mfn %#lx "
			"+ %#lx is above %#lx, the last of a %s kernel",
			n, r->mfn.v, r->nr, width->max_mfn, width->name);
	}
	return 0;
}

/* Every pfn of the domain has a frame, of a number that it can hold. */
static int check_runs(const struct build_memory *memory,
		      const struct layout *layout, struct build_error *e)
{
	uint64_t next = 0;

	for (unsigned int i = 0; i < memory->nr_runs; i++) {
		int rc = check_run(&memory->runs[i], i, next, layout->width, e);

		if (rc != 0) {
			return rc;
		}
		next += memory->runs[i].nr;
	}
	if (next < layout->nr_pages) {
		return error_set(e, XEN_ENOMEM,
				 "the domain's memory has %lu pages, and its "
				 "layout needs %lu",
				 next, layout->nr_pages);
	}
	return 0;
}

/* What a 32-bit kernel can name in start_info and load into CR3. */
static int check_reach(const struct build_memory *memory,
		       const struct layout *layout,
		       const struct build_params *params, struct build_error *e)
{
	const uint64_t last = layout->width->last_address;
	const maddr_t root =
		mfn_to_maddr(build_mfn(memory, layout_root(layout)));

	if (params->shared_info.v > last) {
		return error_set(e, XEN_EINVAL,
				 "shared_info at %#lx is above %#lx, where a "
				 "%s kernel's numbers end",
				 params->shared_info.v, last,
				 layout->width->name);
	}
	if (!layout->extended_cr3 && root.v > last) {
		return error_set(e, XEN_EINVAL,
				 "the L3 at %#lx is above 4 GiB, and the "
				 "kernel does not take the extended CR3 "
				 "(PAE_MODE)",
				 root.v);
	}
	return 0;
}

static int check_cmdline(const char *cmdline, struct build_error *e)
{
	uint64_t length = 0;

	while (cmdline != NULL && cmdline[length] != '\0') {
		length++;
		if (length == LAYOUT_CMDLINE_SIZE) {
			return error_set(e, XEN_EINVAL,
					 "command line is longer than the %lu "
					 "bytes that start_info holds",
					 (uint64_t)LAYOUT_CMDLINE_SIZE - 1);
		}
	}
	return 0;
}

int build_check(const struct build_memory *memory, const struct layout *layout,
		const struct build_params *params, struct build_error *e)
{
	int rc = check_runs(memory, layout, e);

	if (rc == 0) {
		rc = check_reach(memory, layout, params, e);
	}
	return rc != 0 ? rc : check_cmdline(params->cmdline, e);
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
	if (layout->has_symtab) {
		build_symtab(memory, layout->symtab_at, image, &layout->symtab);
	}
	if (layout->has_hypercall_page) {
		build_hypercall_page(guest_page(memory, layout->hypercall_page),
				     layout->width);
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

/* Entry `at` of a list of entries of `word` bytes. */
static inline void put_entry(uint8_t *list, size_t at, uint64_t value,
			     unsigned int word)
{
	if (word == sizeof(uint64_t)) {
		((uint64_t *)(void *)list)[at] = value;
	} else {
		((uint32_t *)(void *)list)[at] = (uint32_t)value;
	}
}

/*
 * `nr` entries of the list: as many as there are pages left; what is beyond the
 * domain's last has no frame. That every number fits, build_check has seen. One
 * copy for each width, since the list of a large domain is most of its build.
 */
static inline __attribute__((always_inline)) void p2m_entries(
	struct guest_cursor *value, uint64_t *left, uint8_t *list, size_t nr,
	unsigned int word)
{
	size_t at = 0;

	while (at < nr && *left != 0) {
		uint64_t run = nr - at;
		uint64_t m = guest_cursor_mfn(value).v;

		run = guest_cursor_advance(value, run < *left ? run : *left);
		*left -= run;
		for (; run > 0; run--) {
			put_entry(list, at++, m++, word);
		}
	}
	while (at < nr) {
		put_entry(list, at++, INVALID_FRAME, word);
	}
}

void build_p2m(const struct build_memory *memory, const struct layout *layout)
{
	const struct layout_range *r = &layout->part[LAYOUT_P2M];
	struct guest_cursor value = guest_cursor_at(memory, pfn(0));
	uint64_t left = layout->nr_pages;
	uint64_t page = 0;

	while (page < r->nr) {
		uint64_t nr_pages;
		uint8_t *out = guest_span(memory, pfn_add(r->pfn, page),
					  r->nr - page, &nr_pages);
		size_t size = nr_pages << PAGE_SHIFT;

		if (layout->width->word == sizeof(uint64_t)) {
			p2m_entries(&value, &left, out, size / 8, 8);
		} else {
			p2m_entries(&value, &left, out, size / 4, 4);
		}
		page += nr_pages;
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
		.root_pfn = layout_root(layout),
		.root = build_mfn(memory, layout_root(layout)),
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
