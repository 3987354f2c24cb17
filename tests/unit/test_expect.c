/* SPDX-License-Identifier: MIT */
/*
 * --expect: the same answers as a search in the whole stream, however the
 * stream is cut into pieces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/expect.h"

struct row {
	const char *text;
	const char *stream;
};

static const struct row rows[] = {
	{"up", "userspace is up\n"},
	{"pagewarden: userspace is up", "pagewarden: userspace is up\r\n"},
	{"aab", "aaab"},
	{"aab", "aaaaaaaaaa"},
	{"abab", "abaabab"},
	{"ababac", "abababac"},
	{"ababac", "ababababab"},
	{"abcabd", "abcabcabd"},
	{"x", ""},
	{"x", "x"},
	{"xy", "x"},
	{"xy", "yxx"},
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

static bool seen_in_pieces(const struct row *row, size_t piece)
{
	size_t size = strlen(row->stream);
	struct expect e;
	bool seen;

	assert_true(expect_init(&e, row->text));
	for (size_t at = 0; at < size; at += piece) {
		size_t n = size - at < piece ? size - at : piece;

		expect_feed(&e, row->stream + at, n);
	}
	seen = e.seen;
	expect_fini(&e);
	return seen;
}

static void pieces_of_every_size_give_the_answer_of_strstr(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_ROWS; i++) {
		bool there = strstr(rows[i].stream, rows[i].text) != NULL;

		for (size_t piece = 1; piece <= 32; piece++) {
			assert_int_equal(seen_in_pieces(&rows[i], piece),
					 there);
		}
	}
}

/* All streams of 12 letters from {a, b} against all texts of 1 to 5. */
static void every_short_text_is_found_in_every_short_stream(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < 1U << 12; s++) {
		char stream[13] = "";

		for (unsigned int i = 0; i < 12; i++) {
			stream[i] = (s >> i & 1) != 0 ? 'b' : 'a';
		}
		for (unsigned int t = 2; t < 1U << 6; t++) {
			char text[8] = "";
			struct row row = {text, stream};
			size_t n = 0;

			/* The highest set bit ends the text. */
			for (unsigned int v = t; v > 1; v >>= 1) {
				text[n++] = (v & 1) != 0 ? 'b' : 'a';
			}
			assert_int_equal(seen_in_pieces(&row, 5),
					 strstr(stream, text) != NULL);
		}
	}
}

static void a_nul_byte_in_the_stream_does_not_end_it(void **state)
{
	struct expect e;

	(void)state;
	assert_true(expect_init(&e, "up"));
	expect_feed(&e, "\0u\0up", 5);
	assert_true(e.seen);
	expect_fini(&e);
}

static void without_a_text_nothing_is_seen(void **state)
{
	struct expect e;

	(void)state;
	assert_true(expect_init(&e, NULL));
	expect_feed(&e, "up", 2);
	assert_false(e.seen);
	expect_fini(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			pieces_of_every_size_give_the_answer_of_strstr),
		cmocka_unit_test(
			every_short_text_is_found_in_every_short_stream),
		cmocka_unit_test(a_nul_byte_in_the_stream_does_not_end_it),
		cmocka_unit_test(without_a_text_nothing_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
