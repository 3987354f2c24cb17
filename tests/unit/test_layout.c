/* SPDX-License-Identifier: MIT */
/*
 * builder/layout.c: the layout of a stock Linux is the one that Xen's tools
 * were seen to make; any layout is gapless, as small as the rules allow, and
 * has exactly the tables that its mappings need; limits are where they should
 * be, to the page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "abi/pte.h"
#include "abi/xen.h"
#include "builder/layout.h"

#define MIB_PAGES UINT64_C(256)
#define GIB_PAGES (UINT64_C(1024) * MIB_PAGES)
#define KERNEL_BASE UINT64_C(0xffffffff80000000)
#define LINUX_P2M UINT64_C(0x8000000000)

/* A kernel as the layout sees it; p2m UINT64_MAX: no note INIT_P2M. */
static struct xen_notes kernel(uint64_t base, uint64_t start, uint64_t end,
			       uint64_t p2m, bool mod_start_pfn)
{
	struct xen_notes n = {
		.width = &guest_64,
		.entry = vaddr(base + start),
		.virt_base = vaddr(base),
		.kernel_start = paddr(start),
		.kernel_end = paddr(end),
		.mod_start_pfn = mod_start_pfn,
	};

	if (p2m != UINT64_MAX) {
		n.init_p2m = vaddr(p2m);
		n.present |= 1U << XEN_ELFNOTE_INIT_P2M;
	}
	return n;
}

static struct xen_notes debian(void)
{
	return kernel(KERNEL_BASE, 0x1000000, 0x4a00000, LINUX_P2M, true);
}

static void check_part(const struct layout *l, enum layout_part part,
		       uint64_t frame, uint64_t nr, uint64_t va)
{
	assert_int_equal(l->part[part].pfn.v, frame);
	assert_int_equal(l->part[part].nr, nr);
	if (va != 0) {
		assert_true(l->part[part].mapped);
		assert_int_equal(l->part[part].va.v, va);
	} else {
		assert_false(l->part[part].mapped);
	}
}

static void stock_linux_gets_the_layout_that_xen_gives_it(void **state)
{
	const struct layout_request r = {.nr_pages = 512 * MIB_PAGES};
	struct xen_notes n = debian();
	struct build_error e;
	struct layout l;

	(void)state;
	assert_int_equal(layout_plan(&n, &r, &l, &e), 0);
	check_part(&l, LAYOUT_LOW, 0, 0x1000, KERNEL_BASE);
	check_part(&l, LAYOUT_KERNEL, 0x1000, 0x3a00, 0xffffffff81000000);
	check_part(&l, LAYOUT_START_INFO, 0x4a00, 1, 0xffffffff84a00000);
	check_part(&l, LAYOUT_STORE, 0x4a01, 1, 0xffffffff84a01000);
	check_part(&l, LAYOUT_CONSOLE, 0x4a02, 1, 0xffffffff84a02000);
	check_part(&l, LAYOUT_TABLES, 0x4a03, 41, 0xffffffff84a03000);
	check_part(&l, LAYOUT_STACK, 0x4a2c, 1, 0xffffffff84a2c000);
	check_part(&l, LAYOUT_PADDING_PAGES, 0x4a2d, 0x1d3, 0xffffffff84a2d000);
	assert_int_equal(l.part[LAYOUT_INITRD].nr, 0);
	check_part(&l, LAYOUT_P2M, 0x4c00, 256, LINUX_P2M);
	check_part(&l, LAYOUT_P2M_TABLES, 0x4d00, 3, 0);
	check_part(&l, LAYOUT_FREE, 0x4d03, 0x20000 - 0x4d03, 0);
}

static void p2m_and_initrd_can_be_put_inside(void **state)
{
	const struct layout_request r = {
		.nr_pages = 512 * MIB_PAGES,
		.initrd_size = 0x123456,
		.p2m = LAYOUT_P2M_INSIDE,
		.map_initrd = true,
	};
	struct xen_notes n = debian();
	struct build_error e;
	struct layout l;

	(void)state;
	assert_int_equal(layout_plan(&n, &r, &l, &e), 0);
	check_part(&l, LAYOUT_INITRD, 0x4a00, 0x124, 0xffffffff84a00000);
	check_part(&l, LAYOUT_P2M, 0x4b24, 256, 0xffffffff84b24000);
	check_part(&l, LAYOUT_START_INFO, 0x4c24, 1, 0xffffffff84c24000);
	/* 80 MiB: 1 + 1 + 1 + 40. */
	check_part(&l, LAYOUT_TABLES, 0x4c27, 43, 0xffffffff84c27000);
	assert_int_equal(l.map[LAYOUT_MAP_INITIAL].nr, 80 * MIB_PAGES);
	assert_int_equal(l.map[LAYOUT_MAP_P2M].nr, 0);
	assert_int_equal(l.part[LAYOUT_P2M_TABLES].nr, 0);
}

/* Independent: a set of the tables of a level that some page needs. */
static uint64_t count_by_page(const struct layout *l, unsigned int level,
			      enum layout_mapping_nr only_first)
{
	uint64_t seen = UINT64_MAX, nr = 0, shared = UINT64_MAX;

	for (int m = LAYOUT_NR_MAPPINGS - 1; m >= 0; m--) {
		const struct layout_mapping *map = &l->map[m];

		for (uint64_t i = 0; i < map->nr; i++) {
			uint64_t va = map->va.v + i * PAGE_SIZE;
			uint64_t table =
				(va & 0xffffffffffff) >> pt_shift(level + 1);

			if (table == seen || table == shared) {
				continue;
			}
			seen = table;
			nr += only_first == LAYOUT_NR_MAPPINGS ||
			      only_first == (enum layout_mapping_nr)m;
		}
		/* The lower mapping's last table may serve the upper one. */
		shared = only_first == LAYOUT_NR_MAPPINGS ? seen : UINT64_MAX;
		seen = UINT64_MAX;
	}
	return nr;
}

static void check_tables(const struct layout *l)
{
	const struct layout_mapping *map = l->map;
	uint64_t initial = 0, all = 0;

	for (unsigned int level = 1; level <= 4; level++) {
		uint64_t here = map[0].level[level].nr + map[1].level[level].nr;

		assert_int_equal(here,
				 count_by_page(l, level, LAYOUT_NR_MAPPINGS));
		initial += count_by_page(l, level, LAYOUT_MAP_INITIAL);
		all += here;
	}
	assert_int_equal(l->part[LAYOUT_TABLES].nr, initial);
	assert_int_equal(l->part[LAYOUT_P2M_TABLES].nr, all - initial);
	assert_int_equal(map[0].level[4].pfn.v, l->part[LAYOUT_TABLES].pfn.v);
	for (unsigned int level = 4; level > 0; level--) {
		pfn_t table = layout_table(l, level, l->virt_base);

		assert_int_equal(table.v, map[0].level[level].pfn.v);
		assert_true(layout_is_table(l, table));
		/* Below the kernel's half nothing is mapped by default. */
		table = layout_table(l, level, vaddr(0x7f0000000000));
		assert_true((table.v == INVALID_FRAME) == (level != 4));
	}
}

static void check_layout(const struct layout *l)
{
	enum layout_part order[LAYOUT_NR_PARTS];
	unsigned int n = layout_in_order(l, order);
	const struct layout_mapping *map = &l->map[LAYOUT_MAP_INITIAL];
	uint64_t next = 0, end, needed;

	for (unsigned int i = 0; i < n; i++) {
		const struct layout_range *r = &l->part[order[i]];

		assert_int_equal(r->pfn.v, next);
		assert_true(r->nr > 0);
		next += r->nr;
		if (r->mapped && order[i] != LAYOUT_P2M) {
			assert_int_equal(r->va.v,
					 l->virt_base.v + r->pfn.v * PAGE_SIZE);
		}
	}
	assert_int_equal(next, l->nr_pages);
	assert_int_equal(l->part[LAYOUT_P2M].nr, (l->nr_pages + 511) / 512);
	assert_int_equal(map->pfn.v, 0);
	end = l->part[LAYOUT_PADDING_PAGES].pfn.v +
	      l->part[LAYOUT_PADDING_PAGES].nr;
	assert_int_equal(map->nr, end);
	assert_int_equal((l->virt_base.v + end * PAGE_SIZE) % (4 << 20), 0);
	/* 512 KiB of padding at least, and no more than 4 MiB above that. */
	assert_in_range(l->part[LAYOUT_PADDING_PAGES].nr, 128, 128 + 1024 + 2);
	needed = l->part[LAYOUT_STACK].pfn.v + 1 + 128;
	assert_true(needed <= end);
	check_tables(l);
}

struct geometry {
	uint64_t base, start, end, p2m;
	bool mod_start_pfn;
	uint64_t nr_pages, initrd;
};

static const struct geometry geometries[] = {
	/* Linux: memory from the least to large; initrd small and large. */
	{KERNEL_BASE, 0x1000000, 0x4a00000, LINUX_P2M, true, 0x4c2b, 0},
	{KERNEL_BASE, 0x1000000, 0x4a00000, LINUX_P2M, true, 5 * GIB_PAGES, 1},
	{KERNEL_BASE, 0x1000000, 0x4a00000, LINUX_P2M, true, 520 * GIB_PAGES,
	 20 << 20},
	/* No notes: XTF, PV GRUB, Mini-OS at 0. */
	{0, 0x100000, 0x111000, UINT64_MAX, false, 128 * MIB_PAGES, 0},
	{0, 0, 0x47e000, UINT64_MAX, false, 512 * MIB_PAGES, 0x3000},
	{0, 0, 0x31001, UINT64_MAX, false, 64 * MIB_PAGES, 0},
	{0, 0x100000, 0x111000, UINT64_MAX, false, 200 * GIB_PAGES, 0},
	/* A kernel that is not at a multiple of 4 MiB, nor of a table. */
	{0xffffffff80101000, 0x3000, 0x9000, UINT64_MAX, false, 0x2001, 5000},
	{0x7fffffe000, 0x1000, 0x9000, 0, false, 0x4000, 0},
	/* INIT_P2M under the L4, L3, L2 entry of the kernel itself. */
	{KERNEL_BASE, 0x100000, 0x300000, 0xffffffff00000000, true, 0x9000, 9},
	{0xffffffff80800000, 0x1000, 0x9000, 0xffffffff80000000, true, 0x9000,
	 0},
	{0xffffffff80101000, 0x1000, 0x9000, 0xffffffff80000000, true, 0x2000,
	 0x3000},
};

static void layouts_are_gapless_and_minimal(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(geometries) / sizeof(geometries[0]);
	     i++) {
		const struct geometry *g = &geometries[i];
		struct xen_notes n = kernel(g->base, g->start, g->end, g->p2m,
					    g->mod_start_pfn);
		const struct layout_request r = {.nr_pages = g->nr_pages,
						 .initrd_size = g->initrd};
		struct build_error e;
		struct layout l;

		if (layout_plan(&n, &r, &l, &e) != 0) {
			fail_msg("geometry %zu: %s", i, e.text);
		}
		assert_int_equal(l.part[LAYOUT_INITRD].nr,
				 (g->initrd + 4095) / 4096);
		check_layout(&l);
	}
}

/* Every size of kernel over several 4 MiB steps: the edges of the rounding. */
static void the_mapping_grows_when_its_tables_need_it(void **state)
{
	uint64_t steps = 0, last = 0;

	(void)state;
	for (uint64_t pages = 1; pages < 3000; pages++) {
		struct xen_notes n = kernel(KERNEL_BASE, 0, pages * PAGE_SIZE,
					    UINT64_MAX, false);
		const struct layout_request r = {.nr_pages = 64 * MIB_PAGES};
		struct build_error e;
		struct layout l;
		uint64_t least, nr;

		assert_int_equal(layout_plan(&n, &r, &l, &e), 0);
		nr = l.map[LAYOUT_MAP_INITIAL].nr;
		/* The first multiple of 4 MiB that holds its own tables. */
		least = 1024;
		while (pages + 32 + 3 + (3 + least / 512) + 1 + 128 > least) {
			least += 1024;
		}
		assert_int_equal(nr, least);
		assert_int_equal(l.part[LAYOUT_TABLES].nr, 3 + nr / 512);
		steps += nr != last;
		last = nr;
	}
	assert_int_equal(steps, 4);
}

static void a_p2m_inside_is_refused_above_the_limit(void **state)
{
	struct xen_notes n =
		kernel(KERNEL_BASE, 0x1000000, 0x4a00000, UINT64_MAX, true);
	struct layout_request r = {0};
	struct build_error e;
	struct layout l;
	uint64_t most;

	(void)state;
	/* 1 GiB less kernel, 3 pages, 515 tables, stack and padding. */
	most = (GIB_PAGES - 0x4a00 - 3 - 515 - 1 - 128) * 512;
	r.nr_pages = most;
	assert_int_equal(layout_plan(&n, &r, &l, &e), 0);
	assert_int_equal(l.map[LAYOUT_MAP_INITIAL].nr, GIB_PAGES);
	r.nr_pages = most + 1;
	assert_int_equal(layout_plan(&n, &r, &l, &e), -XEN_ENOSPC);
	assert_string_equal(
		e.text,
		"initial mapping of 1025 MiB is above the limit of 1024 MiB: "
		"kernel to 74 MiB + initrd 0 MiB + P2M inside 948 MiB "
		"(124187137 pages x 8 bytes) + tables, stack and padding; the "
		"kernel has no note INIT_P2M");
	/* What the layout itself allows: 2 GiB, up to the last address. */
	r.mapping_limit = LAYOUT_MAPPING_LIMIT_MAX;
	r.nr_pages = 800 * GIB_PAGES;
	assert_int_equal(layout_plan(&n, &r, &l, &e), 0);
	r.nr_pages = 1000 * GIB_PAGES;
	assert_int_equal(layout_plan(&n, &r, &l, &e), -XEN_ENOSPC);
	/* The same kernel with the note. */
	n = debian();
	r.mapping_limit = 0;
	assert_int_equal(layout_plan(&n, &r, &l, &e), 0);
	assert_int_equal(l.part[LAYOUT_P2M].nr, 1000 * GIB_PAGES / 512);
	/* 2000 MiB of P2M: 1000 L1 tables, 2 L2, 1 L3. */
	assert_int_equal(l.part[LAYOUT_P2M_TABLES].nr, 1003);
	r.p2m = LAYOUT_P2M_INSIDE;
	assert_int_equal(layout_plan(&n, &r, &l, &e), -XEN_ENOSPC);
	assert_null(strstr(e.text, "no note"));
}

static void init_p2m_that_xen_ignores_is_ignored(void **state)
{
	static const uint64_t p2m[] = {LINUX_P2M + 8, KERNEL_BASE,
				       0xffffffffc0000000};
	const struct layout_request r = {.nr_pages = 64 * MIB_PAGES};
	struct build_error e;
	struct layout l;

	(void)state;
	for (size_t i = 0; i < sizeof(p2m) / sizeof(p2m[0]); i++) {
		struct xen_notes n =
			kernel(KERNEL_BASE, 0x100000, 0x200000, p2m[i], true);

		assert_int_equal(layout_plan(&n, &r, &l, &e), 0);
		check_part(&l, LAYOUT_P2M, 0x200, 32, KERNEL_BASE + 0x200000);
	}
}

/* A limit between two ends that the mapping can have. */
static void the_limit_holds_for_the_rounded_mapping(void **state)
{
	struct xen_notes n =
		kernel(KERNEL_BASE, 0, 0x400000, UINT64_MAX, false);
	struct layout_request r = {.nr_pages = 64 * MIB_PAGES,
				   .mapping_limit = (8 << 20) - PAGE_SIZE};
	struct build_error e;
	struct layout l;

	(void)state;
	assert_int_equal(layout_plan(&n, &r, &l, &e), -XEN_ENOSPC);
	assert_non_null(strstr(e.text, "initial mapping of 8 MiB is above"));
	r.mapping_limit += PAGE_SIZE;
	assert_int_equal(layout_plan(&n, &r, &l, &e), 0);
}

/* The least memory, and one page less. */
static void memory_that_is_too_small_is_refused(void **state)
{
	struct xen_notes n = debian();
	struct layout_request r = {.nr_pages = 0x4c00 + 2 + 39 + 3,
				   .initrd_size = 2 * PAGE_SIZE};
	struct build_error e;
	struct layout l;

	(void)state;
	assert_int_equal(layout_plan(&n, &r, &l, &e), 0);
	assert_int_equal(l.part[LAYOUT_FREE].nr, 0);
	r.nr_pages--;
	assert_int_equal(layout_plan(&n, &r, &l, &e), -XEN_ENOMEM);
	assert_non_null(strstr(e.text, "memory of 19499 pages (76 MiB) is too "
				       "small: 19500 pages (77 MiB) needed"));
}

struct refused {
	struct geometry g;
	struct layout_request r;
	int rc;
	const char *message;
};

static const struct refused refused[] = {
	{{KERNEL_BASE, 0, 0x1000, UINT64_MAX, false, 0, 0},
	 {0},
	 -XEN_EINVAL,
	 "memory of 0 pages"},
	{{KERNEL_BASE, 0, 0x1000, UINT64_MAX, false, 0, 0},
	 {.nr_pages = LAYOUT_MAX_PAGES + 1},
	 -XEN_EINVAL,
	 "memory of 34359738369 pages"},
	{{KERNEL_BASE, 0, 0x1000, UINT64_MAX, false, 0, 0},
	 {.nr_pages = UINT64_MAX},
	 -XEN_EINVAL,
	 "memory of 18446744073709551615 pages"},
	{{KERNEL_BASE, 0, 0x1000, UINT64_MAX, false, 0, 0},
	 {.nr_pages = 10000, .cmdline_size = 1024},
	 -XEN_EINVAL,
	 "command line of 1024 bytes"},
	{{KERNEL_BASE, 0, 0x1000, UINT64_MAX, false, 0, 0},
	 {.nr_pages = 10000, .mapping_limit = UINT64_MAX},
	 -XEN_EINVAL,
	 "limit of 0xffffffffffffffff"},
	{{KERNEL_BASE, 0, 0x1000, UINT64_MAX, true, 0, 0},
	 {.nr_pages = 10000, .initrd_size = UINT64_MAX},
	 -XEN_ENOMEM,
	 "initrd 17592186044416 MiB"},
	{{KERNEL_BASE, 0, 0x1000, UINT64_MAX, false, 0, 0},
	 {.nr_pages = 10000, .initrd_size = UINT64_MAX},
	 -XEN_ENOSPC,
	 "initrd 17592186044416 MiB"},
	{{0, UINT64_MAX - 8191, UINT64_MAX - 1, UINT64_MAX, false, 0, 0},
	 {.nr_pages = 10000},
	 -XEN_ENOSPC,
	 "kernel to 17592186044416 MiB"},
	/* The hole, from both sides, and the end of the address space. */
	{{0x00007fffffff0000, 0, 0x1000, UINT64_MAX, false, 0, 0},
	 {.nr_pages = 10000},
	 -XEN_EINVAL,
	 "initial mapping at 0x7fffffff0000"},
	{{0xffff800000000000, 0, 0x1000, UINT64_MAX, false, 0, 0},
	 {.nr_pages = 10000},
	 -XEN_EINVAL,
	 "touches addresses that a guest cannot map"},
	{{0xffff87fffffff000, 0, 0x1000, UINT64_MAX, false, 0, 0},
	 {.nr_pages = 10000},
	 -XEN_EINVAL,
	 "touches addresses"},
	{{0xffffffffffff0000, 0, 0x1000, UINT64_MAX, false, 0, 0},
	 {.nr_pages = 10000},
	 -XEN_EINVAL,
	 "touches addresses"},
	{{KERNEL_BASE, 0, 0x1000, 0xffff870000000000, false, 0, 0},
	 {.nr_pages = 10000},
	 -XEN_EINVAL,
	 "P2M (note INIT_P2M) at 0xffff870000000000"},
	{{KERNEL_BASE, 0, 0x1000, 0x7ffffffff000, false, 0, 0},
	 {.nr_pages = 10000},
	 -XEN_EINVAL,
	 "P2M (note INIT_P2M) at 0x7ffffffff000"},
	{{KERNEL_BASE, 0, 0x1000, KERNEL_BASE - 0x1000, false, 0, 0},
	 {.nr_pages = 10000},
	 -XEN_EINVAL,
	 "reaches into the initial mapping"},
};

static void layouts_that_cannot_be_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const struct refused *r = &refused[i];
		struct xen_notes n = kernel(r->g.base, r->g.start, r->g.end,
					    r->g.p2m, r->g.mod_start_pfn);
		struct build_error e = {""};
		struct layout l;
		int rc = layout_plan(&n, &r->r, &l, &e);

		if (rc != r->rc || strstr(e.text, r->message) == NULL) {
			fail_msg("row %zu: %d, \"%s\"", i, rc, e.text);
		}
	}
}

/* The last L4 slots around the hole can be used to the end. */
static void mappings_may_touch_the_hole(void **state)
{
	static const uint64_t bases[] = {0x00007fffffc00000, 0xffff880000000000,
					 0xffffffffffc00000};
	const struct layout_request r = {.nr_pages = 10000};
	struct build_error e;
	struct layout l;

	(void)state;
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		struct xen_notes n =
			kernel(bases[i], 0, 0x1000, UINT64_MAX, false);

		assert_int_equal(layout_plan(&n, &r, &l, &e), 0);
		assert_int_equal(l.map[LAYOUT_MAP_INITIAL].nr, 1024);
	}
}

static void parts_have_names(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < LAYOUT_NR_PARTS; i++) {
		assert_non_null(layout_part_name((enum layout_part)i));
	}
	assert_null(layout_part_name(LAYOUT_NR_PARTS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stock_linux_gets_the_layout_that_xen_gives_it),
		cmocka_unit_test(p2m_and_initrd_can_be_put_inside),
		cmocka_unit_test(layouts_are_gapless_and_minimal),
		cmocka_unit_test(the_mapping_grows_when_its_tables_need_it),
		cmocka_unit_test(a_p2m_inside_is_refused_above_the_limit),
		cmocka_unit_test(the_limit_holds_for_the_rounded_mapping),
		cmocka_unit_test(init_p2m_that_xen_ignores_is_ignored),
		cmocka_unit_test(memory_that_is_too_small_is_refused),
		cmocka_unit_test(layouts_that_cannot_be_are_refused),
		cmocka_unit_test(mappings_may_touch_the_hole),
		cmocka_unit_test(parts_have_names),
	};

	return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
