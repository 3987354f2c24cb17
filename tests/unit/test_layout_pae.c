/* SPDX-License-Identifier: MIT */
/*
 * builder/layout.c, of 32-bit kernels: their tables lie in Xen's order, with
 * the root third, or as a toolstack has them; every table that an address needs
 * has a frame of its own in the part that is reserved for them, and that part
 * has no other. What would reach the hypervisor's addresses, or needs more than
 * 32 bits, is refused.
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
#include "builder/width.h"

#define MIB_PAGES UINT64_C(256)
#define KERNEL_BASE UINT64_C(0xc0000000)

static struct xen_notes kernel(uint64_t base, uint64_t start, uint64_t end)
{
	return (struct xen_notes){
		.width = &guest_pae,
		.pae = NOTES_PAE_EXTENDED,
		.entry = vaddr(base + start),
		.virt_base = vaddr(base),
		.kernel_start = paddr(start),
		.kernel_end = paddr(end),
	};
}

static void tables_lie_in_the_order_in_which_xen_takes_them(void **state)
{
	const struct layout_request r = {.nr_pages = 64 * MIB_PAGES};
	struct xen_notes n = kernel(KERNEL_BASE, 0x400000, 0x500000);
	struct build_error e;
	struct layout l;

	(void)state;
	assert_int_equal(layout_plan(&n, &r, &l, &e), 0);
	/* 64 KiB of P2M, three pages, tables: 8 MiB are mapped. */
	assert_int_equal(l.part[LAYOUT_P2M].pfn.v, 0x500);
	assert_int_equal(l.part[LAYOUT_P2M].nr, 16);
	assert_int_equal(l.part[LAYOUT_TABLES].pfn.v, 0x513);
	assert_int_equal(l.part[LAYOUT_TABLES].nr, 1 + 4 + 4);
	assert_int_equal(l.map[LAYOUT_MAP_INITIAL].nr, 8 * MIB_PAGES);
	assert_int_equal(layout_table(&l, 1, vaddr(0xc0000000)).v, 0x513);
	assert_int_equal(layout_table(&l, 2, vaddr(0xc0000000)).v, 0x514);
	assert_int_equal(layout_root(&l).v, 0x515);
	assert_int_equal(layout_table(&l, 3, vaddr(0)).v, 0x515);
	assert_int_equal(layout_pt_base(&l).v, 0xc0515000);
	for (uint64_t i = 1; i < 4; i++) {
		vaddr_t va = vaddr(0xc0000000 + i * (2 << 20));

		assert_int_equal(layout_table(&l, 1, va).v, 0x515 + i);
	}
	for (uint64_t i = 0; i < 3; i++) {
		assert_int_equal(layout_table(&l, 2, vaddr(i << 30)).v,
				 0x519 + i);
	}
	assert_int_equal(layout_table(&l, 1, vaddr(0xc0800000)).v,
			 INVALID_FRAME);
	assert_int_equal(layout_table(&l, 1, vaddr(0)).v, INVALID_FRAME);
}

static void a_toolstack_has_the_root_first(void **state)
{
	const struct layout_request r = {.nr_pages = 64 * MIB_PAGES,
					 .root_first = true};
	struct xen_notes n = kernel(KERNEL_BASE, 0x400000, 0x500000);
	struct build_error e;
	struct layout l;

	(void)state;
	assert_int_equal(layout_plan(&n, &r, &l, &e), 0);
	assert_int_equal(l.part[LAYOUT_TABLES].pfn.v, 0x513);
	assert_int_equal(l.part[LAYOUT_TABLES].nr, 1 + 4 + 4);
	assert_int_equal(layout_root(&l).v, 0x513);
	assert_int_equal(layout_pt_base(&l).v, 0xc0513000);
	for (uint64_t i = 0; i < 4; i++) {
		vaddr_t va = vaddr(0xc0000000 + i * (2 << 20));

		assert_int_equal(layout_table(&l, 2, vaddr(i << 30)).v,
				 0x514 + i);
		assert_int_equal(layout_table(&l, 1, va).v, 0x518 + i);
	}
}

/* Each table of a level once, and none that is another's. */
static void mark(const struct layout *l, uint8_t *seen, unsigned int level,
		 uint64_t va)
{
	pfn_t table = layout_table(l, level, vaddr(va));

	assert_true(layout_range_has(&l->part[LAYOUT_TABLES], table));
	assert_int_equal(seen[table.v - l->part[LAYOUT_TABLES].pfn.v], 0);
	seen[table.v - l->part[LAYOUT_TABLES].pfn.v] = 1;
}

static void check_tables(const struct layout *l)
{
	const struct layout_mapping *map = &l->map[LAYOUT_MAP_INITIAL];
	const uint64_t end = map->va.v + (map->nr << PAGE_SHIFT);
	static uint8_t seen[1024];

	memset(seen, 0, sizeof(seen));
	assert_true(l->part[LAYOUT_TABLES].nr <= sizeof(seen));
	for (uint64_t va = map->va.v & ~UINT64_C(0x1fffff); va < end;
	     va += 1 << 21) {
		mark(l, seen, 1, va);
	}
	for (uint64_t i = 0; i < 4; i++) {
		mark(l, seen, 2, i << 30);
	}
	mark(l, seen, 3, 0);
	for (uint64_t i = 0; i < l->part[LAYOUT_TABLES].nr; i++) {
		assert_int_equal(seen[i], 1);
	}
	assert_int_equal(layout_root(l).v, l->part[LAYOUT_TABLES].pfn.v + 2);
	assert_int_equal(layout_table(l, 1, map->va).v,
			 l->part[LAYOUT_TABLES].pfn.v);
	assert_int_equal(layout_table(l, 2, map->va).v,
			 l->part[LAYOUT_TABLES].pfn.v + 1);
}

static void every_layout_has_just_the_tables_that_it_needs(void **state)
{
	static const uint64_t bases[] = {0,          0x1000,     0x3ff00000,
					 0x40000000, 0x7fe01000, 0xbfc00000,
					 0xc0000000, 0xc0100000, 0xe0000000};
	static const uint64_t kernels[] = {0x1000, 0x200000, 0x3fffff,
					   0x2345678};
	static const uint64_t pages[] = {32 * MIB_PAGES, 128 * MIB_PAGES + 1,
					 4096 * MIB_PAGES, 0x2980000};

	(void)state;
	for (unsigned int i = 0; i < 9 * 4 * 4; i++) {
		struct layout_request r = {.nr_pages = pages[i / 36],
					   .initrd_size = i * 0x1777};
		struct xen_notes n =
			kernel(bases[i % 9], 0, kernels[i / 9 % 4]);
		struct build_error e;
		struct layout l;
		int rc;

		/* As a kernel may ask, in vain. */
		n.present = 1U << XEN_ELFNOTE_INIT_P2M;
		n.init_p2m = vaddr(0);
		if (r.nr_pages < 128 * MIB_PAGES &&
		    n.kernel_end.v > 0x2000000) {
			continue;
		}
		rc = layout_plan(&n, &r, &l, &e);
		if (rc != 0) {
			fail_msg("row %u: \"%s\"", i, e.text);
		}
		assert_int_equal(l.map[LAYOUT_MAP_P2M].nr, 0);
		assert_int_equal(l.part[LAYOUT_P2M].nr,
				 (r.nr_pages + 1023) / 1024);
		check_tables(&l);
	}
}

static void what_needs_other_addresses_is_refused(void **state)
{
	static const struct {
		uint64_t base, end;
		struct layout_request r;
		int rc;
		const char *message;
	} refused[] = {
		{KERNEL_BASE,
		 0x1000,
		 {.nr_pages = 0x2980001},
		 -XEN_EINVAL,
		 "memory of 43515905 pages is not between 1 and 43515904"},
		{KERNEL_BASE,
		 0x1000,
		 {.nr_pages = 0x200000, .initrd_size = UINT64_C(1) << 32},
		 -XEN_EINVAL,
		 "initrd of 4294967296 bytes"},
		/* The mapping ends at 4 MiB: up to the hypervisor, and over. */
		{0xf5400000, 0x1000, {.nr_pages = 4096}, 0, ""},
		{0xf5400000,
		 0x400000,
		 {.nr_pages = 4096},
		 -XEN_EINVAL,
		 "initial mapping at 0xf5400000 to 0xf5bfffff touches addresses "
		 "that a guest cannot map (0xf5800000 to 0xffffffff)"},
		{0xf5800000,
		 0x1000,
		 {.nr_pages = 4096},
		 -XEN_EINVAL,
		 "initial mapping at 0xf5800000"},
		{0xffc00000,
		 0x1000,
		 {.nr_pages = 4096},
		 -XEN_EINVAL,
		 "initial mapping at 0xffc00000 to 0xffffffff"},
		{KERNEL_BASE,
		 0x40000000,
		 {.nr_pages = 0x200000},
		 -XEN_ENOSPC,
		 "P2M inside 8 MiB (2097152 pages x 4 bytes)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct xen_notes n = kernel(refused[i].base, 0, refused[i].end);
		struct build_error e = {""};
		struct layout l;
		int rc = layout_plan(&n, &refused[i].r, &l, &e);

		if (rc != refused[i].rc ||
		    strstr(e.text, refused[i].message) == NULL) {
			fail_msg("row %zu: %d, \"%s\"", i, rc, e.text);
		}
	}
}

static void a_range_is_the_guests_or_not(void **state)
{
	static const struct {
		const struct guest_width *width;
		uint64_t first, size;
		bool has;
	} rows[] = {
		{&guest_pae, 0, 0xf5800000, true},
		{&guest_pae, 0, 0xf5800001, false},
		{&guest_pae, 0xf5800000, 0, true},
		{&guest_pae, 0xf5800000, 1, false},
		{&guest_pae, 0xffffffff, 1, false},
		{&guest_pae, 0x100000000, 1, false},
		{&guest_pae, UINT64_MAX, 1, false},
		{&guest_pae, 1, UINT64_MAX, false},
		{&guest_64, 0, 0x800000000000, true},
		{&guest_64, 1, 0x800000000000, false},
		{&guest_64, 0xffff87ffffffffff, 1, false},
		{&guest_64, 0xffff880000000000, 0x780000000000, true},
		{&guest_64, 0xffff880000000000, 0x780000000001, false},
		{&guest_64, UINT64_MAX, 1, true},
		{&guest_64, UINT64_MAX, 2, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (guest_width_has(rows[i].width, vaddr(rows[i].first),
				    rows[i].size) != rows[i].has) {
			fail_msg("row %zu", i);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			tables_lie_in_the_order_in_which_xen_takes_them),
		cmocka_unit_test(a_toolstack_has_the_root_first),
		cmocka_unit_test(
			every_layout_has_just_the_tables_that_it_needs),
		cmocka_unit_test(what_needs_other_addresses_is_refused),
		cmocka_unit_test(a_range_is_the_guests_or_not),
	};

	return cmocka_run_group_tests_name("layout_pae", tests, NULL, NULL);
}
