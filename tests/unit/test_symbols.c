/* SPDX-License-Identifier: MIT */
/*
 * Names of addresses: from a kernel's own kallsyms (the stock kernel's, when
 * it is there, and a hand-made one), from a System.map, and from files that
 * lie. Return addresses are told from other words.
 */
#define _GNU_SOURCE /* memmem */

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/image.h"
#include "cli/why/kernel.h"

static void assert_name(const struct symbols *s, uint64_t address,
			const char *expected)
{
	char text[128];

	assert_string_equal(symbols_format(s, address, text, sizeof(text)),
			    expected);
}

static const char map[] = "0000000000000000 A per_cpu_start\n"
			  "ffffffff81000000 T _text\n"
			  "ffffffff81000040 t helper\n"
			  "ffffffff81000040 T helper_alias\n"
			  "ffffffff82000000 D data\n";

static void a_system_map_is_read(void **state)
{
	struct symbols s;

	(void)state;
	assert_true(symbols_from_map(&s, map, sizeof(map) - 1));
	assert_name(&s, 0xffffffff81000013, "_text+0x13");
	assert_name(&s, 0xffffffff81000041, "helper+0x1");
	assert_true(symbols_is_text(&s, 0xffffffff81000041));
	assert_false(symbols_is_text(&s, 0xffffffff82000008));
	/* far from anything */
	assert_name(&s, 0xffffffff90000000, "0xffffffff90000000");
	symbols_free(&s);
	assert_false(symbols_from_map(&s, "no map\n", 7));
	assert_false(symbols_from_map(&s, map, 40)); /* cut in a line */
}

static int stock_kernel(struct image *image)
{
	char path[PATH_MAX], error[IMAGE_ERROR_SIZE];
	const char *build = getenv("B");

	snprintf(path, sizeof(path), "%s/vmlinuz",
		 build == NULL ? "build" : build);
	return image_load(path, image, error);
}

static void the_stock_kernel_names_its_functions(void **state)
{
	struct image image;
	struct why_kernel k;
	uint64_t flush = 0;

	(void)state;
	if (stock_kernel(&image) != 0) {
		skip();
	}
	why_kernel_init(&k, image.elf, image.size, NULL, 0);
	assert_true(k.symbols.nr > 50000);
	for (size_t i = 0; i < k.symbols.nr; i++) {
		const struct symbol *symbol = &k.symbols.list[i];

		if (strcmp(k.symbols.names + symbol->name, "xen_mc_flush") ==
		    0) {
			flush = symbol->address;
		}
	}
	assert_int_not_equal(flush, 0);
	assert_name(&k.symbols, flush + 0x10, "xen_mc_flush+0x10");
	/* Its first instruction is no place to return to. */
	assert_false(why_is_return(&k, flush));
	assert_false(why_is_return(&k, 1));
	why_kernel_fini(&k);
	image_free(&image);
}

/* Bytes of the stock kernel changed one by one: no crash, no endless loop. */
static void tables_that_lie_are_none(void **state)
{
	struct image image;
	struct symbols s;
	uint8_t *tokens;

	(void)state;
	if (stock_kernel(&image) != 0) {
		skip();
	}
	/* Wherever they may stand, two tokens become one. */
	while ((tokens = memmem(image.elf, image.size, "0\0001\0002\0003",
				8)) != NULL) {
		tokens[1] = 'x';
	}
	assert_false(symbols_from_kernel(&s, image.elf, image.size));
	assert_false(symbols_from_kernel(&s, image.elf, image.size / 2));
	assert_false(symbols_from_kernel(&s, image.elf, 0));
	image_free(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_system_map_is_read),
		cmocka_unit_test(the_stock_kernel_names_its_functions),
		cmocka_unit_test(tables_that_lie_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
