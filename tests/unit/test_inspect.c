/* SPDX-License-Identifier: MIT */
/*
 * cli/inspect.c and cli/size.c: what the command prints is the layout that
 * would be built, and its exit status says whether the kernel can start.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/inspect.h"
#include "cli/size.h"
#include "tests/unit/support/kernel_file.h"

static char out_text[8192];
static char err_text[8192];

/* Sends a stream to a temporary file; returns the descriptor it had. */
static int divert(FILE *stream, FILE *to)
{
	int kept;

	fflush(stream);
	kept = dup(fileno(stream));
	assert_true(kept >= 0);
	assert_true(dup2(fileno(to), fileno(stream)) >= 0);
	return kept;
}

static void restore(FILE *stream, int kept, FILE *from, char *text)
{
	size_t n;

	fflush(stream);
	assert_true(dup2(kept, fileno(stream)) >= 0);
	close(kept);
	rewind(from);
	n = fread(text, 1, sizeof(out_text) - 1, from);
	text[n] = '\0';
	fclose(from);
}

/* Arguments after "inspect", up to NULL. */
static int inspect(const char *const *args)
{
	char *argv[12] = {(char *)(uintptr_t) "inspect"};
	int argc = 1, rc, out_fd, err_fd;
	FILE *out = tmpfile();
	FILE *err = tmpfile();

	assert_non_null(out);
	assert_non_null(err);
	for (; args[argc - 1] != NULL; argc++) {
		argv[argc] = (char *)(uintptr_t)args[argc - 1];
	}
	out_fd = divert(stdout, out);
	err_fd = divert(stderr, err);
	rc = cmd_inspect(argc, argv);
	restore(stdout, out_fd, out, out_text);
	restore(stderr, err_fd, err, err_text);
	return rc;
}

static char kernel_path[] = "/tmp/pagewarden-test-XXXXXX";

static void write_kernel(const void *data, size_t size)
{
	FILE *f = fopen(kernel_path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

static int make_kernel(void **state)
{
	size_t size;
	uint8_t *file = kernel_file_make(&kernel_file_linux, &size);
	int fd = mkstemp(kernel_path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	write_kernel(file, size);
	free(file);
	return 0;
}

static int remove_kernel(void **state)
{
	(void)state;
	return unlink(kernel_path);
}

static void the_layout_is_printed(void **state)
{
	static const char *const lines[] = {
		"  GUEST_OS            \"linux\"\n",
		"  ENTRY               0xffffffff80101230   first "
		"instruction\n",
		"  INIT_P2M            0x8000000000         the P2M list is "
		"mapped here\n",
		"    requires: writable_page_tables\n",
		"Layout of a domain of 16 MiB (4096 pages):\n",
		"    0-ff       ffffffff80000000-ffffffff800fffff      1 MiB  "
		"memory below the kernel\n",
		"  100-27f      ffffffff80100000-ffffffff8027ffff   1536 KiB  "
		"kernel\n",
		"  280-280      ffffffff80280000-ffffffff80280fff      4 KiB  "
		"start_info\n",
		"  283-287      ffffffff80283000-ffffffff80287fff     20 KiB  "
		"page tables\n",
		"  400-407      not mapped                            32 KiB  "
		"initrd\n",
		"  408-40f      0000008000000000-0000008000007fff     32 KiB  "
		"P2M list\n",
		"  410-412      not mapped                            12 KiB  "
		"page tables of the P2M list\n",
		"Initial mapping: 4 MiB at 0xffffffff80000000, tables: 1 L4 1 "
		"L3 1 L2 2 L1\n",
		"P2M mapping: 32 KiB at 0x8000000000, tables: 1 L3 1 L2 1 L1\n",
		"Starts with rip 0xffffffff80101230, rsp 0xffffffff80289000,\n"
		"            rsi 0xffffffff80280000 (start_info)\n",
	};
	const char *const args[] = {kernel_path, "--memory", "16M", "--initrd",
				    kernel_path, "--wide",   NULL};

	(void)state;
	assert_int_equal(inspect(args), 0);
	assert_string_equal(err_text, "");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (strstr(out_text, lines[i]) == NULL) {
			fail_msg("no \"%s\" in \"%s\"", lines[i], out_text);
		}
	}
}

static void a_32_bit_kernel_is_shown_as_one(void **state)
{
	static const char *const lines[] = {
		"bytes, 32-bit PAE\n",
		"  PAE_MODE            \"yes\"  extended CR3: the L3 at any "
		"frame\n",
		"  HYPERCALL_PAGE      0xc0102000           the hypercall page",
		"  280-283      c0280000             16 KiB  P2M list\n",
		"  284-284      c0284000              4 KiB  start_info\n",
		"  287-28d      c0287000             28 KiB  page tables\n",
		"  28e-28e      c028e000              4 KiB  boot stack\n",
		"Initial mapping: 4 MiB at 0xc0000000, tables: 1 L3 4 L2 2 "
		"L1\n",
		"pt_base 0xc0289000 names the L3: the tables begin 2 frames "
		"before it\n",
		"Starts with eip 0xc0101230, esp 0xc028f000,\n"
		"            esi 0xc0284000 (start_info)\n",
	};
	const char *const args[] = {kernel_path, "--memory", "16M", NULL};
	size_t size;
	uint8_t *file = kernel_file_make(&kernel_file_linux32, &size);

	(void)state;
	write_kernel(file, size);
	free(file);
	assert_int_equal(inspect(args), 0);
	assert_string_equal(err_text, "");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (strstr(out_text, lines[i]) == NULL) {
			fail_msg("no \"%s\" in \"%s\"", lines[i], out_text);
		}
	}
	file = kernel_file_make(&kernel_file_linux, &size);
	write_kernel(file, size);
	free(file);
}

static void it_fits_into_80_columns(void **state)
{
	const char *const args[] = {kernel_path, "--memory", "1T", NULL};

	(void)state;
	assert_int_equal(inspect(args), 0);
	assert_non_null(strstr(out_text, "  100-27f      ffffffff80100000   "
					 "1536 KiB  kernel\n"));
	for (const char *at = out_text; *at != '\0'; at++) {
		size_t length = strcspn(at, "\n");

		/* The file has a line of its own. */
		assert_true(length <= 80 || at == out_text);
		at += length;
	}
}

static void what_cannot_start_is_said_in_a_line(void **state)
{
	static const struct {
		const char *args[6];
		const char *message;
	} rows[] = {
		{{NULL}, "inspect needs a FILE; `pagewarden help inspect`"},
		{{kernel_path, "more"}, "unexpected argument 'more'"},
		{{kernel_path, "--nothing"}, "unknown option '--nothing'"},
		{{kernel_path, "--gdb"}, "is for `pagewarden run`, not for"},
		{{kernel_path, "--initrd="}, "--initrd: '' is empty"},
		{{kernel_path, "--memory", "5X"}, "--memory: '5X' is no size"},
		{{kernel_path, "--vcpus", "33"}, "--vcpus: '33' is no"},
		{{kernel_path, "--memory", "2M"},
		 "memory of 512 pages (2 MiB) is too small"},
		{{kernel_path, "--memory", "100B"},
		 "--memory: '100B' is not a whole number of MiB"},
		{{kernel_path, "--memory=16777215T"},
		 "--memory: '16777215T' is above 128T"},
		{{kernel_path, "--initrd", "/no/such"},
		 "/no/such: No such file or directory"},
		{{kernel_path, "--initrd", "/"}, "/: not a regular file"},
		{{"/no/such"}, "/no/such: No such file or directory"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(inspect(rows[i].args), 2);
		assert_string_equal(out_text, "");
		if (strstr(err_text, rows[i].message) == NULL) {
			fail_msg("row %zu: \"%s\"", i, err_text);
		}
	}
}

static void a_file_that_is_no_kernel_is_refused(void **state)
{
	const char *const args[] = {kernel_path, NULL};
	struct kernel_file spec = kernel_file_linux;
	size_t size;
	uint8_t *file;

	(void)state;
	write_kernel("text\n", 5);
	assert_int_equal(inspect(args), 2);
	assert_non_null(strstr(err_text, "neither an ELF, nor a bzImage"));
	spec.where = KERNEL_NOTES_NONE;
	file = kernel_file_make(&spec, &size);
	write_kernel(file, size);
	free(file);
	assert_int_equal(inspect(args), 2);
	assert_non_null(strstr(err_text, "not a Xen kernel"));
}

static void sizes_are_parsed(void **state)
{
	static const struct {
		const char *text;
		bool good;
		uint64_t bytes;
	} rows[] = {
		{"512", true, UINT64_C(512) << 20},
		{"512M", true, UINT64_C(512) << 20},
		{"512m", true, UINT64_C(512) << 20},
		{"5G", true, UINT64_C(5) << 30},
		{"1T", true, UINT64_C(1) << 40},
		{"520GiB", true, UINT64_C(520) << 30},
		{"4kB", true, 4096},
		{"7B", true, 7},
		{"0", true, 0},
		{"16777215T", true, UINT64_C(16777215) << 40},
		{"16777216T", false, 0},
		{"18446744073709551615B", true, UINT64_MAX},
		{"18446744073709551616B", false, 0},
		{"99999999999999999999999B", false, 0},
		{"", false, 0},
		{"M", false, 0},
		{"-1M", false, 0},
		{"+1M", false, 0},
		{" 1M", false, 0},
		{"1M ", false, 0},
		{"1.5G", false, 0},
		{"1MM", false, 0},
		{"1BB", false, 0},
		{"1GiBs", false, 0},
		{"0x10M", false, 0},
		{"1P", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t bytes = 0;

		if (size_parse(rows[i].text, &bytes) != rows[i].good ||
		    bytes != rows[i].bytes) {
			fail_msg("\"%s\": %llu", rows[i].text,
				 (unsigned long long)bytes);
		}
	}
}

static void sizes_are_printed(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{0, "0 B"},
		{1, "1 B"},
		{4096, "4 KiB"},
		{UINT64_C(520) << 30, "520 GiB"},
		{UINT64_C(3) << 40, "3 TiB"},
		{99999, "99999 B"},
		{100001, "97.7 KiB"},
		{UINT64_MAX, "16777216.0 TiB"},
		{(UINT64_C(100000) << 20) + 4096, "97.7 GiB"},
	};
	char buffer[SIZE_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_string_equal(size_format(rows[i].bytes, buffer),
				    rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_layout_is_printed),
		cmocka_unit_test(a_32_bit_kernel_is_shown_as_one),
		cmocka_unit_test(it_fits_into_80_columns),
		cmocka_unit_test(what_cannot_start_is_said_in_a_line),
		cmocka_unit_test(a_file_that_is_no_kernel_is_refused),
		cmocka_unit_test(sizes_are_parsed),
		cmocka_unit_test(sizes_are_printed),
	};

	return cmocka_run_group_tests_name("inspect", tests, make_kernel,
					   remove_kernel);
}
