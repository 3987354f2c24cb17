/* SPDX-License-Identifier: MIT */
/* Memory maps from files, as boot logs and people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/e820.h"

static char error[256];

static bool read_text(struct e820_map *map, const char *text)
{
	char path[] = "/tmp/e820-XXXXXX";
	int fd = mkstemp(path);
	bool good;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	good = e820_read(map, path, error, sizeof(error));
	unlink(path);
	return good;
}

static void is_piece(const struct e820_map *map, unsigned int i, uint64_t addr,
		     uint64_t size, uint32_t type)
{
	assert_true(i < map->nr);
	assert_int_equal(map->piece[i].addr, addr);
	assert_int_equal(map->piece[i].size, size);
	assert_int_equal(map->piece[i].type, type);
}

static void all_forms_are_read(void **state)
{
	static const char linux_form[] =
		"[    0.000000] BIOS-e820: [mem "
		"0x0000000000000000-0x0000000007ffffff] usable\n"
		"[    0.000000] Xen: [mem 0x08000000-0x08000fff] ACPI NVS\n";
	static const char xen_form[] =
		"(XEN)  [0000000000000000, 0000000007ffffff] (usable)\r\n"
		"(XEN)  [0000000008000000, 0000000008000fff] (ACPI NVS)\n";
	static const char *const forms[] = {
		linux_form,
		xen_form,
		"# by hand\n\n0 7ffffff RAM\n0x8000000 0x8000fff 4",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct e820_map map;

		assert_true(read_text(&map, forms[i]));
		assert_int_equal(map.nr, 2);
		is_piece(&map, 0, 0, 0x8000000, 1);
		is_piece(&map, 1, 0x8000000, 0x1000, 4);
	}
}

static void what_is_wrong_names_its_line(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} rows[] = {
		{"", "no line of a memory map"},
		{"nothing here\n", "no line of a memory map"},
		{"0 fff usable\n0 zzz usable\n", "line 2 is no START, END"},
		{"0 fff marvellous\n", "line 1 is no START, END"},
		{"1000 0 usable\n", "line 1 ends before it begins"},
		{"0 ffffffffffffffff usable\n", "line 1 ends before"},
		{"0 1ffffffffffffffff usable\n", "line 1 is no START"},
		{"0 fff usable\n0xfff 0x1fff usable\n",
		 "line 2 begins before the end"},
	};
	struct e820_map map;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_false(read_text(&map, rows[i].text));
		if (strstr(error, rows[i].message) == NULL) {
			fail_msg("row %zu: %s", i, error);
		}
	}
	assert_false(e820_read(&map, "/no/such", error, sizeof(error)));
	assert_string_equal(error, "--e820 /no/such: No such file or "
				   "directory");
	assert_false(e820_read(&map, "/", error, sizeof(error)));
	assert_string_equal(error, "--e820 /: Is a directory");
}

static void there_is_room_for_so_many(void **state)
{
	char text[(E820_PIECES + 1) * 40] = "";
	size_t used = 0;
	struct e820_map map;

	(void)state;
	for (unsigned int i = 0; i <= E820_PIECES; i++) {
		if (i == E820_PIECES) {
			assert_true(read_text(&map, text));
			assert_int_equal(map.nr, E820_PIECES);
		}
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "0x%x000 %xfff usable\n", i + 1,
					 i + 1);
	}
	assert_false(read_text(&map, text));
	assert_non_null(strstr(error, "line 33 is one too many"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_forms_are_read),
		cmocka_unit_test(what_is_wrong_names_its_line),
		cmocka_unit_test(there_is_room_for_so_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
