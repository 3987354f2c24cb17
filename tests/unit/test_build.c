/* SPDX-License-Identifier: MIT */
/*
 * builder/build.c, start_info.c and tables.c: what is in memory after a build
 * is what the layout says (support/built.h), whatever the frames are.
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
#include "tests/unit/support/built.h"
#include "tests/unit/support/kernel_file.h"

static void check_start_info(const struct built *b)
{
	const struct layout_range *part = b->layout.part;
	const struct layout_range *initrd = &part[LAYOUT_INITRD];
	const struct start_info *si =
		(struct start_info *)built_page(b,
						part[LAYOUT_START_INFO].pfn.v);
	bool outside = b->layout.map[LAYOUT_MAP_P2M].nr != 0;

	assert_string_equal(si->magic, "xen-3.0-x86_64");
	assert_int_equal(si->nr_pages, b->layout.nr_pages);
	assert_int_equal(si->shared_info, 0x123000);
	assert_int_equal(built_pfn(b, mfn(si->store_mfn)),
			 part[LAYOUT_STORE].pfn.v);
	assert_int_equal(built_pfn(b, mfn(si->console.domU.mfn)),
			 part[LAYOUT_CONSOLE].pfn.v);
	assert_int_equal(si->store_evtchn, 1);
	assert_int_equal(si->console.domU.evtchn, 2);
	assert_int_equal(si->pt_base, part[LAYOUT_TABLES].va.v);
	assert_int_equal(built_pfn(b, b->result.root),
			 part[LAYOUT_TABLES].pfn.v);
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

static const struct built_domain domains[] = {
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
		for (unsigned int map = 0; map < BUILT_RUN_MAPS; map++) {
			struct built b;

			built_setup(&b, &domains[i], map);
			built_build(&b);
			built_check(&b, domains[i].file);
			check_start_info(&b);
			built_teardown(&b);
		}
	}
}

/* The runs give the initrd's pfns the frames where it lies already. */
static void an_initrd_in_place_is_not_copied(void **state)
{
	const struct built_domain d = {&kernel_file_linux,
				       {.nr_pages = 3000,
					.initrd_size = 0x2800}};
	const struct layout_range *initrd;
	struct pfn_run runs[3];
	struct built b;
	uint64_t after;

	(void)state;
	built_setup(&b, &d, 0);
	initrd = &b.layout.part[LAYOUT_INITRD];
	assert_int_equal(initrd->nr, 3);
	after = initrd->pfn.v + initrd->nr;
	runs[0] = (struct pfn_run){pfn(0), mfn(BUILT_FIRST_MFN + 3),
				   initrd->pfn.v};
	runs[1] = (struct pfn_run){initrd->pfn, mfn(2), initrd->nr};
	runs[2] = (struct pfn_run){pfn(after), mfn(BUILT_FIRST_MFN + 3 + after),
				   3000 - after};
	b.memory.runs = runs;
	b.memory.nr_runs = 3;
	memcpy(b.ram + 2 * PAGE_SIZE, b.initrd, 0x2800);
	b.params.initrd = NULL;
	built_build(&b);
	assert_memory_equal(b.ram + 2 * PAGE_SIZE, b.initrd, 0x2800);
	assert_int_equal(b.ram[2 * PAGE_SIZE + 0x2800], BUILT_JUNK);
	assert_int_equal(build_mfn(&b.memory, initrd->pfn).v, 2);
	assert_int_equal(build_mfn(&b.memory, pfn(after)).v,
			 BUILT_FIRST_MFN + 3 + after);
	built_teardown(&b);
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
	const struct built_domain d = {&kernel_file_linux, {.nr_pages = 2048}};
	struct build_error e;
	struct built b;

	(void)state;
	built_setup(&b, &d, 0);
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
		assert_int_equal(b.ram[i], BUILT_JUNK);
	}
	/* One byte less fits, with its NUL. */
	cmdline[LAYOUT_CMDLINE_SIZE - 1] = '\0';
	built_build(&b);
	built_teardown(&b);
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
		cmocka_unit_test(hypercall_slots_hold_the_code_of_the_abi),
	};

	return cmocka_run_group_tests_name("build", tests, NULL, NULL);
}
