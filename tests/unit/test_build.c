/* SPDX-License-Identifier: MIT */
/*
 * builder/build.c and tables.c: what is in memory after a build is judged by
 * a walk of the tables that knows nothing of the layout's bookkeeping: it
 * follows entries from the L4 and turns machine frames back into pfns. Each
 * case is built over several maps of pfn to mfn, from one run to runs of a
 * page, into memory that was full of junk.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "abi/pte.h"
#include "abi/xen.h"
#include "builder/build.h"
#include "builder/little_endian.h"
#include "tests/unit/support/kernel_file.h"

#define JUNK 0xa5
/* Machine frames below this are not the domain's. */
#define FIRST_MFN 7
#define SPARE_MFNS 64

struct built {
	uint8_t *file;
	bool narrow; /* a 32-bit kernel */
	struct elf_image image;
	struct xen_notes notes;
	struct layout layout;
	uint8_t *ram;
	uint64_t nr_frames;
	struct pfn_run *runs;
	uint64_t *pfn_of; /* by mfn; UINT64_MAX: not the domain's */
	struct build_memory memory;
	struct build_params params;
	struct build_result result;
	/* Found by the walk. */
	uint64_t nr_leaves;
	uint64_t nr_tables;
	uint8_t *is_table; /* by pfn */
	uint8_t *initrd;
};

struct domain {
	const struct kernel_file *file;
	struct layout_request request;
};

/* Lengths of the runs, repeated; 0 ends the list. */
static const uint64_t run_maps[][6] = {
	{UINT64_MAX}, {1}, {1, 2, 3, 1}, {509, 3, 1024}, {4096},
};
#define NR_RUN_MAPS (sizeof(run_maps) / sizeof(run_maps[0]))

/* Consecutive runs are laid down from the top of memory. */
static void make_runs(struct built *b, const uint64_t *lengths)
{
	uint64_t nr_pages = b->layout.nr_pages;
	uint64_t next = 0, top = b->nr_frames - SPARE_MFNS / 2;
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
	assert_true(top >= FIRST_MFN);
	b->memory = (struct build_memory){b->ram, b->runs, nr};
}

static void setup(struct built *b, const struct domain *d, unsigned int map)
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
	b->nr_frames = FIRST_MFN + b->layout.nr_pages + SPARE_MFNS;
	b->ram = aligned_alloc(PAGE_SIZE, b->nr_frames * PAGE_SIZE);
	b->is_table = calloc(b->layout.nr_pages, 1);
	b->initrd = malloc(d->request.initrd_size + 1);
	assert_non_null(b->ram);
	assert_non_null(b->is_table);
	assert_non_null(b->initrd);
	memset(b->ram, JUNK, b->nr_frames * PAGE_SIZE);
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

static void teardown(struct built *b)
{
	free(b->file);
	free(b->ram);
	free(b->runs);
	free(b->pfn_of);
	free(b->is_table);
	free(b->initrd);
}

static void build(struct built *b)
{
	struct build_error e;

	assert_int_equal(build_domain(&b->memory, &b->layout, &b->image,
				      &b->params, &b->result, &e),
			 0);
}

static uint64_t pfn_of(const struct built *b, mfn_t frame)
{
	assert_true(frame.v < b->nr_frames);
	assert_true(b->pfn_of[frame.v] != UINT64_MAX);
	return b->pfn_of[frame.v];
}

static uint8_t *page_of(const struct built *b, uint64_t frame)
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
	uint64_t frame = pfn_of(b, table);

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
		frame = pfn_of(b, pte_mfn(pte(entry[i])));
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
		const uint8_t *page = page_of(b, p2m->pfn.v + at / PAGE_SIZE);
		uint64_t value = little_endian(page + at % PAGE_SIZE, word);

		if (i < b->layout.nr_pages) {
			assert_int_equal(pfn_of(b, mfn(value)), i);
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
		const uint8_t *page = page_of(b, frame + i);

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
		const uint8_t *page = page_of(b, p);

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

static void check_start_info(const struct built *b)
{
	const struct layout_range *part = b->layout.part;
	const struct layout_range *initrd = &part[LAYOUT_INITRD];
	const struct start_info *si =
		(struct start_info *)page_of(b, part[LAYOUT_START_INFO].pfn.v);
	bool outside = b->layout.map[LAYOUT_MAP_P2M].nr != 0;

	assert_string_equal(si->magic, "xen-3.0-x86_64");
	assert_int_equal(si->nr_pages, b->layout.nr_pages);
	assert_int_equal(si->shared_info, 0x123000);
	assert_int_equal(pfn_of(b, mfn(si->store_mfn)),
			 part[LAYOUT_STORE].pfn.v);
	assert_int_equal(pfn_of(b, mfn(si->console.domU.mfn)),
			 part[LAYOUT_CONSOLE].pfn.v);
	assert_int_equal(si->store_evtchn, 1);
	assert_int_equal(si->console.domU.evtchn, 2);
	assert_int_equal(si->pt_base, part[LAYOUT_TABLES].va.v);
	assert_int_equal(pfn_of(b, b->result.root), part[LAYOUT_TABLES].pfn.v);
	assert_int_equal(si->nr_pt_frames, part[LAYOUT_TABLES].nr);
	assert_int_equal(si->mfn_list, part[LAYOUT_P2M].va.v);
	assert_int_equal(si->first_p2m_pfn,
			 outside ? part[LAYOUT_P2M].pfn.v : 0);
	assert_int_equal(si->nr_p2m_frames,
			 outside ? part[LAYOUT_P2M].nr +
					   part[LAYOUT_P2M_TABLES].nr
				 : 0);
	assert_int_equal(si->mod_len, b->layout.initrd_size);
	assert_int_equal(si->flags, initrd->nr != 0 && !initrd->mapped
					    ? SIF_MOD_START_PFN
					    : 0);
	assert_int_equal(si->mod_start, initrd->nr == 0  ? 0
					: initrd->mapped ? initrd->va.v
							 : initrd->pfn.v);
	assert_string_equal((const char *)si->cmd_line, "console=hvc0 quiet");
}

/* By offset, as the ABI has it for 32 bits (xen.h: struct start_info). */
static void check_start_info32(const struct built *b)
{
	const struct layout_range *part = b->layout.part;
	const struct layout_range *initrd = &part[LAYOUT_INITRD];
	const uint8_t *si = page_of(b, part[LAYOUT_START_INFO].pfn.v);
	const struct {
		unsigned int at;
		uint64_t value;
	} fields[] = {
		{32, b->layout.nr_pages},
		{36, 0x123000},
		{40,
		 initrd->nr != 0 && !initrd->mapped ? SIF_MOD_START_PFN : 0},
		{44, build_mfn(&b->memory, part[LAYOUT_STORE].pfn).v},
		{48, 1},
		{52, build_mfn(&b->memory, part[LAYOUT_CONSOLE].pfn).v},
		{56, 2},
		/* The L3; the space begins two frames before it. */
		{60, part[LAYOUT_TABLES].va.v + 2 * PAGE_SIZE},
		{64, part[LAYOUT_TABLES].nr},
		{68, part[LAYOUT_P2M].va.v},
		{72, initrd->nr == 0  ? 0
		     : initrd->mapped ? initrd->va.v
				      : initrd->pfn.v},
		{76, b->layout.initrd_size},
		{1104, 0},
		{1108, 0},
	};

	assert_string_equal((const char *)si, "xen-3.0-x86_32p");
	assert_string_equal((const char *)si + 80, "console=hvc0 quiet");
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (little_endian(si + fields[i].at, 4) != fields[i].value) {
			fail_msg("start_info at %u: %llx, not %llx",
				 fields[i].at,
				 (unsigned long long)
					 little_endian(si + fields[i].at, 4),
				 (unsigned long long)fields[i].value);
		}
	}
	assert_int_equal(pfn_of(b, b->result.root),
			 part[LAYOUT_TABLES].pfn.v + 2);
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
		const uint8_t *page = page_of(b, initrd->pfn.v + i / PAGE_SIZE);

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
	assert_int_equal(pfn_of(b, r->root), r->root_pfn.v);
	assert_int_equal(r->root_pfn.v, layout_root(&b->layout).v);
	assert_int_equal(pfn_of(b, r->start_info_frame),
			 part[LAYOUT_START_INFO].pfn.v);
	assert_int_equal(pfn_of(b, r->store_frame), part[LAYOUT_STORE].pfn.v);
	assert_int_equal(pfn_of(b, r->console_frame),
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
			assert_int_equal(b->ram[m * PAGE_SIZE + k], JUNK);
		}
	}
}

static const struct kernel_file at_zero = {
	.entry = 0x1000,
	.where = KERNEL_NOTES_SECTION,
	.segment = {{0x1000, 0x2800, 0x3800, 0x7777000},
		    {0x6100, 0x123, 0x2f00, 0}},
	.note = {NOTE_STR(XEN_ELFNOTE_XEN_VERSION, "xen-3.0"),
		 NOTE_STR(XEN_ELFNOTE_LOADER, "generic"),
		 NOTE_NUM(XEN_ELFNOTE_HYPERCALL_PAGE, 0x2000)},
};

/* Segments in falling order, PADDR_OFFSET, tables shared with the P2M. */
static const struct kernel_file offset = {
	.entry = 0,
	.segment = {{0xc0009000, 0x100, 0x100, 0},
		    {0xc0003123, 0x2000, 0x2345, 0}},
	.note = {NOTE_STR(XEN_ELFNOTE_XEN_VERSION, "xen-3.0"),
		 NOTE_STR(XEN_ELFNOTE_LOADER, "generic"),
		 NOTE_NUM(XEN_ELFNOTE_VIRT_BASE, 0xffffffff80101000),
		 NOTE_NUM(XEN_ELFNOTE_PADDR_OFFSET, 0xc0000000),
		 NOTE_NUM(XEN_ELFNOTE_ENTRY, 0xffffffff80105000),
		 NOTE_NUM(XEN_ELFNOTE_INIT_P2M, 0xffffffff80000000)},
};

/* Over the end of a gigabyte, and with the root below 4 GiB. */
static const struct kernel_file over_a_gigabyte = {
	.narrow = true,
	.where = KERNEL_NOTES_XEN_GUEST,
	.xen_guest = "XEN_VER=xen-3.0,LOADER=generic,PAE=yes,"
		     "VIRT_BASE=0x7ff00000,VIRT_ENTRY=0x80000000,"
		     "HYPERCALL_PAGE=0x180",
	.segment = {{0x7fff0000, 0x100, 0x100, 0},
		    {0x80000000, 0x2000, 0x200000, 0}},
};

static const struct domain domains[] = {
	{&kernel_file_linux32, {.nr_pages = 3000, .initrd_size = 0x12345}},
	{&kernel_file_linux32,
	 {.nr_pages = 2049, .initrd_size = 0x1000, .map_initrd = true}},
	{&over_a_gigabyte, {.nr_pages = 3000, .initrd_size = 1}},
	{&kernel_file_linux, {.nr_pages = 3000, .initrd_size = 0x12345}},
	{&kernel_file_linux,
	 {.nr_pages = 2049,
	  .initrd_size = 0x1000,
	  .map_initrd = true,
	  .p2m = LAYOUT_P2M_INSIDE}},
	{&kernel_file_linux, {.nr_pages = 2048}},
	{&at_zero, {.nr_pages = 1537, .initrd_size = 1}},
	{&offset, {.nr_pages = 2000, .initrd_size = 3}},
};

static void what_is_built_is_what_the_layout_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
		for (unsigned int map = 0; map < NR_RUN_MAPS; map++) {
			struct built b;

			setup(&b, &domains[i], map);
			build(&b);
			check_tables(&b);
			check_p2m(&b);
			check_kernel(&b, domains[i].file);
			check_initrd(&b);
			if (b.narrow) {
				check_start_info32(&b);
			} else {
				check_start_info(&b);
			}
			check_cleared(&b);
			check_result(&b);
			check_untouched(&b);
			teardown(&b);
		}
	}
}

/* The runs give the initrd's pfns the frames where it lies already. */
static void an_initrd_in_place_is_not_copied(void **state)
{
	const struct domain d = {&kernel_file_linux,
				 {.nr_pages = 3000, .initrd_size = 0x2800}};
	const struct layout_range *initrd;
	struct pfn_run runs[3];
	struct built b;
	uint64_t after;

	(void)state;
	setup(&b, &d, 0);
	initrd = &b.layout.part[LAYOUT_INITRD];
	assert_int_equal(initrd->nr, 3);
	after = initrd->pfn.v + initrd->nr;
	runs[0] = (struct pfn_run){pfn(0), mfn(FIRST_MFN + 3), initrd->pfn.v};
	runs[1] = (struct pfn_run){initrd->pfn, mfn(2), initrd->nr};
	runs[2] = (struct pfn_run){pfn(after), mfn(FIRST_MFN + 3 + after),
				   3000 - after};
	b.memory.runs = runs;
	b.memory.nr_runs = 3;
	memcpy(b.ram + 2 * PAGE_SIZE, b.initrd, 0x2800);
	b.params.initrd = NULL;
	build(&b);
	assert_memory_equal(b.ram + 2 * PAGE_SIZE, b.initrd, 0x2800);
	assert_int_equal(b.ram[2 * PAGE_SIZE + 0x2800], JUNK);
	assert_int_equal(build_mfn(&b.memory, initrd->pfn).v, 2);
	assert_int_equal(build_mfn(&b.memory, pfn(after)).v,
			 FIRST_MFN + 3 + after);
	teardown(&b);
}

static void bad_runs_are_refused_before_anything_is_written(void **state)
{
	static const struct {
		struct pfn_run runs[2];
		unsigned int nr;
		int rc;
		const char *message;
	} bad[] = {
		{{{{0}, {9}, 2047}}, 1, -XEN_ENOMEM, "has 2047 pages"},
		{{{{0}, {9}, 100}}, 0, -XEN_ENOMEM, "has 0 pages"},
		{{{{1}, {9}, 2048}}, 1, -XEN_EINVAL, "begins at pfn 0x1"},
		{{{{0}, {9}, 9}, {{10}, {99}, 4096}}, 2, -XEN_EINVAL, "run 1"},
		{{{{0}, {9}, 9}, {{8}, {99}, 4096}}, 2, -XEN_EINVAL, "run 1"},
		{{{{0}, {9}, 0}, {{0}, {99}, 4096}}, 2, -XEN_EINVAL, "run 0"},
		{{{{0}, {(UINT64_C(1) << MFN_BITS) - 4095}, 4096}},
		 1,
		 -XEN_EINVAL,
		 "is above 0xffffffffff"},
		{{{{0}, {1}, UINT64_MAX}}, 1, -XEN_EINVAL, "is above 0xffff"},
	};
	static char cmdline[LAYOUT_CMDLINE_SIZE + 1];
	const struct domain d = {&kernel_file_linux, {.nr_pages = 2048}};
	struct build_error e;
	struct built b;

	(void)state;
	setup(&b, &d, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct build_memory memory = {b.ram, bad[i].runs,
						    bad[i].nr};

		assert_int_equal(build_domain(&memory, &b.layout, &b.image,
					      &b.params, &b.result, &e),
				 bad[i].rc);
		assert_non_null(strstr(e.text, bad[i].message));
	}
	memset(cmdline, 'c', LAYOUT_CMDLINE_SIZE);
	b.params.cmdline = cmdline;
	assert_int_equal(build_domain(&b.memory, &b.layout, &b.image, &b.params,
				      &b.result, &e),
			 -XEN_EINVAL);
	assert_non_null(strstr(e.text, "command line is longer"));
	for (uint64_t i = 0; i < b.nr_frames * PAGE_SIZE; i++) {
		assert_int_equal(b.ram[i], JUNK);
	}
	/* One byte less fits, with its NUL. */
	cmdline[LAYOUT_CMDLINE_SIZE - 1] = '\0';
	build(&b);
	teardown(&b);
}

/* What a 32-bit kernel could not name, or not find whole. */
static void what_has_no_room_in_32_bits_is_refused(void **state)
{
	const struct domain d = {&over_a_gigabyte, {.nr_pages = 2048}};
	struct pfn_run high = {pfn(0), mfn(0x100000 - 10), 2048};
	struct build_memory memory = {NULL, &high, 1};
	struct build_params params = {.shared_info = maddr(UINT32_MAX)};
	struct build_error e;
	struct built b;

	(void)state;
	setup(&b, &d, 0);
	/* The root, beyond 4 GiB, is refused to a kernel of "PAE=yes"... */
	assert_int_equal(build_check(&memory, &b.layout, &params, &e),
			 -XEN_EINVAL);
	assert_non_null(strstr(e.text, "is above 4 GiB"));
	/* ...to the frame, */
	high.mfn = mfn(0xfffff - layout_root(&b.layout).v);
	assert_int_equal(build_check(&memory, &b.layout, &params, &e), 0);
	high.mfn.v++;
	assert_int_equal(build_check(&memory, &b.layout, &params, &e),
			 -XEN_EINVAL);
	/* and not to one that takes the extended CR3. */
	b.layout.extended_cr3 = true;
	assert_int_equal(build_check(&memory, &b.layout, &params, &e), 0);
	params.shared_info.v++;
	assert_int_equal(build_check(&memory, &b.layout, &params, &e),
			 -XEN_EINVAL);
	assert_non_null(strstr(e.text, "shared_info at 0x100000000"));
	params.shared_info.v = 0;
	/* The M2P that it sees ends with 0xffe00000. */
	high.mfn = mfn(0x2980000 - 2048);
	assert_int_equal(build_check(&memory, &b.layout, &params, &e), 0);
	high.mfn.v++;
	assert_int_equal(build_check(&memory, &b.layout, &params, &e),
			 -XEN_EINVAL);
	assert_non_null(strstr(e.text, "is above 0x297ffff, the last of a "
				       "32-bit PAE kernel"));
	teardown(&b);
}

static void a_32_bit_kernel_has_slots_of_its_own(void **state)
{
	static const uint8_t iret[] = {0x50, 0xb8, 23,   0,   0,
				       0,    0xcd, 0x82, 0xcc};
	uint8_t page[PAGE_SIZE];

	(void)state;
	memset(page, 0, sizeof(page));
	build_hypercall_page(page, &guest_pae);
	for (unsigned int n = 0; n < 128; n++) {
		const uint8_t call[] = {0xb8, (uint8_t)n, 0,    0,   0,
					0xcd, 0x82,       0xc3, 0xcc};

		if (n == 23) {
			assert_memory_equal(page + n * 32, iret, sizeof(iret));
		} else {
			assert_memory_equal(page + n * 32, call, sizeof(call));
		}
		assert_int_equal(page[n * 32 + 31], 0xcc);
	}
}

static void hypercall_slots_hold_the_code_of_the_abi(void **state)
{
	static const uint8_t iret[] = {0x51, 0x41, 0x53, 0x50, 0xb8, 23,
				       0,    0,    0,    0x0f, 0x05, 0xcc};
	uint8_t page[PAGE_SIZE];

	(void)state;
	memset(page, 0, sizeof(page));
	build_hypercall_page(page, &guest_64);
	for (unsigned int n = 0; n < 128; n++) {
		const uint8_t call[] = {0x51, 0x41, 0x53, 0xb8, (uint8_t)n,
					0,    0,    0,    0x0f, 0x05,
					0x41, 0x5b, 0x59, 0xc3, 0xcc};

		if (n == 23) {
			assert_memory_equal(page + n * 32, iret, sizeof(iret));
		} else {
			assert_memory_equal(page + n * 32, call, sizeof(call));
		}
		assert_int_equal(page[n * 32 + 31], 0xcc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_built_is_what_the_layout_says),
		cmocka_unit_test(an_initrd_in_place_is_not_copied),
		cmocka_unit_test(
			bad_runs_are_refused_before_anything_is_written),
		cmocka_unit_test(what_has_no_room_in_32_bits_is_refused),
		cmocka_unit_test(a_32_bit_kernel_has_slots_of_its_own),
		cmocka_unit_test(hypercall_slots_hold_the_code_of_the_abi),
	};

	return cmocka_run_group_tests_name("build", tests, NULL, NULL);
}
