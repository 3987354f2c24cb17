/* SPDX-License-Identifier: MIT */
/* Whether a guest has shown anything beside the hypervisor's lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/silence.h"

/* In pieces of that size. */
static size_t lines_of(const char *text, size_t piece)
{
	struct silence s = {.lines = 0};
	const size_t size = strlen(text);

	for (size_t at = 0; at < size; at += piece) {
		const size_t left = size - at;

		silence_feed(&s, text + at, left < piece ? left : piece);
	}
	return s.lines;
}

static void only_the_guest_s_lines_count(void **state)
{
	static const struct {
		const char *text;
		size_t lines;
	} rows[] = {
		{"", 0},
		{"\r\n\n", 0},
		{"(pw) page tables\r\n(pw) TSC\r\n", 0},
		{"(pw) TSC\r\n[    0.0] Linux\r\n[    0.1] x\n", 2},
		{"x", 1},
		{"(pw)\n", 0},
		{"(pw)x\n", 1},
		{"(px) y\n(pw) z\n", 1},
		{"(pw) a (pw) b\n", 0},
		{"(pw) a\n (pw) b\nc\n", 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t piece = 1; piece < 8; piece++) {
			assert_int_equal(lines_of(rows[i].text, piece),
					 rows[i].lines);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_guest_s_lines_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
