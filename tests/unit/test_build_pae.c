/* SPDX-License-Identifier: MIT */
/*
 * builder/build.c, start_info.c and tables.c, of 32-bit kernels: the same walk
 * finds the same things (support/built.h), start_info lies as the ABI has it
 * for 32 bits, and what would not be whole in them is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "abi/xen.h"
#include "builder/build.h"
#include "builder/little_endian.h"
#include "tests/unit/support/built.h"
#include "tests/unit/support/kernel_file.h"

/* By offset, as the ABI has it for 32 bits (xen.h: struct start_info). */
static void check_start_info32(const struct built *b)
{
	const struct layout_range *part = b->layout.part;
	const struct layout_range *initrd = &part[LAYOUT_INITRD];
	const uint8_t *si = built_page(b, part[LAYOUT_START_INFO].pfn.v);
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
	assert_int_equal(built_pfn(b, b->result.root),
			 part[LAYOUT_TABLES].pfn.v + 2);
}

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

static const struct built_domain domains[] = {
	{&kernel_file_linux32, {.nr_pages = 3000, .initrd_size = 0x12345}},
	{&kernel_file_linux32,
	 {.nr_pages = 2049, .initrd_size = 0x1000, .map_initrd = true}},
	{&over_a_gigabyte, {.nr_pages = 3000, .initrd_size = 1}},
};

static void what_is_built_for_32_bits_is_what_the_layout_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
		for (unsigned int map = 0; map < BUILT_RUN_MAPS; map++) {
			struct built b;

			built_setup(&b, &domains[i], map);
			built_build(&b);
			built_check(&b, domains[i].file);
			check_start_info32(&b);
			built_teardown(&b);
		}
	}
}

/* What a 32-bit kernel could not name, or not find whole. */
static void what_has_no_room_in_32_bits_is_refused(void **state)
{
	const struct built_domain d = {&over_a_gigabyte, {.nr_pages = 2048}};
	struct pfn_run high = {pfn(0), mfn(0x100000 - 10), 2048};
	struct build_memory memory = {NULL, &high, 1};
	struct build_params params = {.shared_info = maddr(UINT32_MAX)};
	struct build_error e;
	struct built b;

	(void)state;
	built_setup(&b, &d, 0);
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
	built_teardown(&b);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			what_is_built_for_32_bits_is_what_the_layout_says),
		cmocka_unit_test(what_has_no_room_in_32_bits_is_refused),
		cmocka_unit_test(a_32_bit_kernel_has_slots_of_its_own),
	};

	return cmocka_run_group_tests_name("build_pae", tests, NULL, NULL);
}
