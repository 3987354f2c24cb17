/* SPDX-License-Identifier: MIT */
#include "tests/unit/support/built.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "abi/pte.h"
#include "abi/xen.h"
#include "builder/little_endian.h"

/* Lengths of the runs, repeated; 0 ends the list. */
static const uint64_t run_maps[][6] = {
	{UINT64_MAX}, {1}, {1, 2, 3, 1}, {509, 3, 1024}, {4096},
};
_Static_assert(sizeof(run_maps) / sizeof(run_maps[0]) == BUILT_RUN_MAPS,
	       "as the header says");

/* Consecutive runs are laid down from the top of memory. */
static void make_runs(struct built *b, const uint64_t *lengths)
{
	uint64_t nr_pages = b->layout.nr_pages;
	uint64_t next = 0, top = b->nr_frames - BUILT_SPARE_MFNS / 2;
	unsigned int nr = 0, i = 0;

	b->runs = calloc(nr_pages, sizeof(*b->runs));
	b->pfn_of = malloc(b->nr_frames * sizeof(*b->pfn_of));
	assert_non_null(b->runs);
	assert_non_null(b->pfn_of);
	memset(b->pfn_of, 0xff, b->nr_frames * sizeof(*b->pfn_of));
	while (next < nr_pages) {
		uint64_t n = lengths[i] < nr_pages - next ? lengths[i]
							  : nr_pages - next;

		top -= n;
		b->runs[nr++] = (struct pfn_run){pfn(next), mfn(top), n};
		for (uint64_t k = 0; k < n; k++) {
			b->pfn_of[top + k] = next + k;
		}
		next += n;
		i = lengths[i + 1] == 0 ? 0 : i + 1;
	}
	assert_true(top >= BUILT_FIRST_MFN);
	b->memory = (struct build_memory){b->ram, b->runs, nr};
}

void built_setup(struct built *b, const struct built_domain *d,
		 unsigned int map)
{
	struct build_error e;
	size_t size;

	memset(b, 0, sizeof(*b));
	b->file = kernel_file_make(d->file, &size);
	b->narrow = d->file->narrow;
	assert_int_equal(elf_parse(&b->image, b->file, size, &e), 0);
	assert_int_equal(notes_parse(&b->image, &b->notes, &e), 0);
	assert_int_equal(layout_plan(&b->notes, &d->request, &b->layout, &e),
			 0);
	b->nr_frames = BUILT_FIRST_MFN + b->layout.nr_pages + BUILT_SPARE_MFNS;
	b->ram = aligned_alloc(PAGE_SIZE, b->nr_frames * PAGE_SIZE);
	b->is_table = calloc(b->layout.nr_pages, 1);
	b->initrd = malloc(d->request.initrd_size + 1);
	assert_non_null(b->ram);
	assert_non_null(b->is_table);
	assert_non_null(b->initrd);
	memset(b->ram, BUILT_JUNK, b->nr_frames * PAGE_SIZE);
	for (uint64_t i = 0; i < d->request.initrd_size; i++) {
		b->initrd[i] = (uint8_t)(i * 3 + i / 256);
	}
	make_runs(b, run_maps[map]);
	b->params = (struct build_params){
		.initrd = b->initrd,
		.cmdline = "console=hvc0 quiet",
		.shared_info = maddr(0x123000),
		.console_port = 2,
		.store_port = 1,
	};
}

void built_teardown(struct built *b)
{
	free(b->file);
	free(b->ram);
	free(b->runs);
	free(b->pfn_of);
	free(b->is_table);
	free(b->initrd);
}

void built_build(struct built *b)
{
	struct build_error e;

	assert_int_equal(build_domain(&b->memory, &b->layout, &b->image,
				      &b->params, &b->result, &e),
			 0);
}

uint64_t built_pfn(const struct built *b, mfn_t frame)
{
	assert_true(frame.v < b->nr_frames);
	assert_true(b->pfn_of[frame.v] != UINT64_MAX);
	return b->pfn_of[frame.v];
}

uint8_t *built_page(const struct built *b, uint64_t frame)
{
	for (unsigned int i = 0; i < b->memory.nr_runs; i++) {
		uint64_t in_run = frame - b->runs[i].pfn.v;

		if (in_run < b->runs[i].nr) {
			return b->ram + (b->runs[i].mfn.v + in_run) * PAGE_SIZE;
		}
	}
	fail_msg("pfn %llu has no frame", (unsigned long long)frame);
	return NULL;
}

/* First walk: which frames are tables? */
static void find_tables(struct built *b, mfn_t table, unsigned int level)
{
	const uint64_t *entry = (uint64_t *)(b->ram + table.v * PAGE_SIZE);
	uint64_t frame = built_pfn(b, table);

	assert_int_equal(b->is_table[frame], 0);
	b->is_table[frame] = 1;
	b->nr_tables++;
	for (unsigned int i = 0; level > 1 && i < 512; i++) {
		if (entry[i] != 0) {
			find_tables(b, pte_mfn(pte(entry[i])), level - 1);
		}
	}
}

/* Which pfn should an address map? UINT64_MAX: none. */
static uint64_t expected_pfn(const struct layout *l, uint64_t va)
{
	for (unsigned int m = 0; m < LAYOUT_NR_MAPPINGS; m++) {
		uint64_t page = (va - l->map[m].va.v) / PAGE_SIZE;

		if (page < l->map[m].nr) {
			return l->map[m].pfn.v + page;
		}
	}
	return UINT64_MAX;
}

/* Second walk: every entry, with the address that it maps. */
static void check_entries(struct built *b, mfn_t table, unsigned int level,
			  uint64_t va)
{
	const uint64_t *entry = (uint64_t *)(b->ram + table.v * PAGE_SIZE);

	for (uint64_t i = 0; i < 512; i++) {
		uint64_t here = va + (i << pt_shift(level));
		uint64_t frame, flags = entry[i] & 0xfff0000000000fff;

		if (level == 4 && i >= 256) {
			here |= 0xffff000000000000;
		}
		if (entry[i] == 0) {
			if (level == 1) {
				assert_true(expected_pfn(&b->layout, here) ==
					    UINT64_MAX);
			}
			continue;
		}
		frame = built_pfn(b, pte_mfn(pte(entry[i])));
		if (level > 1) {
			/* present, writable, user, accessed, dirty */
			assert_int_equal(flags, 0x67);
			check_entries(b, mfn(entry[i] >> 12), level - 1, here);
			continue;
		}
		assert_int_equal(frame, expected_pfn(&b->layout, here));
		assert_int_equal(flags, b->is_table[frame] ? 0x21 : 0x23);
		b->nr_leaves++;
	}
}

/* The entries of the root that are not the guest's. */
static void check_root(const struct built *b)
{
	const uint64_t *root =
		(uint64_t *)(b->ram + b->result.root.v * PAGE_SIZE);
	const unsigned int first = b->narrow ? 4 : XEN_L4_FIRST;
	const unsigned int last = b->narrow ? 511 : XEN_L4_LAST;

	for (unsigned int i = first; i <= last; i++) {
		assert_int_equal(root[i], 0);
	}
	for (unsigned int i = 0; b->narrow && i < 4; i++) {
		assert_int_not_equal(root[i], 0);
	}
}

static void check_tables(struct built *b)
{
	const struct layout *l = &b->layout;
	const unsigned int levels = b->narrow ? 3 : 4;

	find_tables(b, b->result.root, levels);
	assert_int_equal(b->nr_tables, l->part[LAYOUT_TABLES].nr +
					       l->part[LAYOUT_P2M_TABLES].nr);
	for (uint64_t p = 0; p < l->nr_pages; p++) {
		assert_int_equal(b->is_table[p], layout_is_table(l, pfn(p)));
	}
	check_entries(b, b->result.root, levels, 0);
	assert_int_equal(b->nr_leaves, l->map[0].nr + l->map[1].nr);
	check_root(b);
}

static void check_p2m(const struct built *b)
{
	const struct layout_range *p2m = &b->layout.part[LAYOUT_P2M];
	const unsigned int word = b->narrow ? 4 : 8;

	assert_int_equal(p2m->nr, (b->layout.nr_pages * word + 4095) / 4096);
	for (uint64_t i = 0; i < p2m->nr * (PAGE_SIZE / word); i++) {
		uint64_t at = i * word;
		const uint8_t *page =
			built_page(b, p2m->pfn.v + at / PAGE_SIZE);
		uint64_t value = little_endian(page + at % PAGE_SIZE, word);

		if (i < b->layout.nr_pages) {
			assert_int_equal(built_pfn(b, mfn(value)), i);
		} else {
			assert_true(value ==
				    (b->narrow ? UINT32_MAX : UINT64_MAX));
		}
	}
}

static void check_bytes(const struct built *b, uint64_t frame, uint64_t nr,
			uint8_t value)
{
	for (uint64_t i = 0; i < nr; i++) {
		const uint8_t *page = built_page(b, frame + i);

		for (unsigned int k = 0; k < PAGE_SIZE; k++) {
			assert_int_equal(page[k], value);
		}
	}
}

/* What the kernel's pages must hold, byte by byte. */
static uint8_t kernel_byte(const struct built *b, const struct kernel_file *f,
			   uint64_t at)
{
	uint64_t hypercalls = b->notes.hypercall_page.v - b->notes.virt_base.v;

	if (b->layout.has_hypercall_page && at - hypercalls < PAGE_SIZE) {
		uint8_t page[PAGE_SIZE];

		build_hypercall_page(page, b->layout.width);
		return page[at - hypercalls];
	}
	for (unsigned int n = 0; n < KERNEL_FILE_SEGMENTS; n++) {
		uint64_t offset =
			at + b->notes.paddr_offset - f->segment[n].paddr;

		if (offset < f->segment[n].filesz) {
			return kernel_file_byte(n, offset);
		}
	}
	return 0;
}

static void check_kernel(const struct built *b, const struct kernel_file *f)
{
	const struct layout_range *kernel = &b->layout.part[LAYOUT_KERNEL];

	for (uint64_t p = kernel->pfn.v; p < kernel->pfn.v + kernel->nr; p++) {
		const uint8_t *page = built_page(b, p);

		for (uint64_t k = 0; k < PAGE_SIZE; k++) {
			uint8_t want = kernel_byte(b, f, p * PAGE_SIZE + k);

			if (page[k] != want) {
				fail_msg("kernel byte %llx is %x, not %x",
					 (unsigned long long)(p * PAGE_SIZE +
							      k),
					 page[k], want);
			}
		}
	}
}

static void check_cleared(const struct built *b)
{
	const struct layout_range *part = b->layout.part;

	check_bytes(b, part[LAYOUT_STORE].pfn.v, 3 - 1, 0);
	check_bytes(b, part[LAYOUT_STACK].pfn.v, 1, 0);
}

static void check_initrd(const struct built *b)
{
	const struct layout_range *initrd = &b->layout.part[LAYOUT_INITRD];

	for (uint64_t i = 0; i < initrd->nr * PAGE_SIZE; i++) {
		const uint8_t *page =
			built_page(b, initrd->pfn.v + i / PAGE_SIZE);

		assert_int_equal(page[i % PAGE_SIZE],
				 i < b->layout.initrd_size ? b->initrd[i] : 0);
	}
}

static void check_result(const struct built *b)
{
	const struct layout_range *part = b->layout.part;
	const struct build_result *r = &b->result;

	assert_int_equal(r->entry.v, b->notes.entry.v);
	assert_int_equal(r->start_info.v, part[LAYOUT_START_INFO].va.v);
	assert_int_equal(r->stack_top.v, part[LAYOUT_STACK].va.v + PAGE_SIZE);
	assert_int_equal(built_pfn(b, r->root), r->root_pfn.v);
	assert_int_equal(r->root_pfn.v, layout_root(&b->layout).v);
	assert_int_equal(built_pfn(b, r->start_info_frame),
			 part[LAYOUT_START_INFO].pfn.v);
	assert_int_equal(built_pfn(b, r->store_frame),
			 part[LAYOUT_STORE].pfn.v);
	assert_int_equal(built_pfn(b, r->console_frame),
			 part[LAYOUT_CONSOLE].pfn.v);
}

/* Nothing was written where the domain has no business. */
static void check_untouched(const struct built *b)
{
	for (uint64_t m = 0; m < b->nr_frames; m++) {
		uint64_t p = b->pfn_of[m];

		if (p != UINT64_MAX &&
		    !layout_range_has(&b->layout.part[LAYOUT_LOW], pfn(p)) &&
		    !layout_range_has(&b->layout.part[LAYOUT_PADDING_PAGES],
				      pfn(p)) &&
		    !layout_range_has(&b->layout.part[LAYOUT_FREE], pfn(p))) {
			continue;
		}
		for (unsigned int k = 0; k < PAGE_SIZE; k++) {
			assert_int_equal(b->ram[m * PAGE_SIZE + k], BUILT_JUNK);
		}
	}
}

void built_check(struct built *b, const struct kernel_file *f)
{
	check_tables(b);
	check_p2m(b);
	check_kernel(b, f);
	check_initrd(b);
	check_cleared(b);
	check_result(b);
	check_untouched(b);
}
