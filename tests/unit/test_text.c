/* SPDX-License-Identifier: MIT */
/*
 * The one formatter (abi/text.h) against the host's: what it writes for each
 * conversion that it knows, and what it does at the end of its buffer.
 */
#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "abi/text.h"

#define BEYOND 0x5a

/* The format is a literal in each row, so that the compiler checks both. */
#define same_as_the_host(...)                                      \
	do {                                                       \
		char ours[128];                                    \
		char hosts[128];                                   \
		struct text t = text_in(ours, sizeof(ours));       \
                                                                   \
		text_format(&t, __VA_ARGS__);                      \
		(void)snprintf(hosts, sizeof(hosts), __VA_ARGS__); \
		assert_string_equal(ours, hosts);                  \
		assert_int_equal(t.used, strlen(hosts));           \
		assert_int_equal(t.lost, 0);                       \
	} while (false)

static void conversions_are_the_hosts(void **state)
{
	(void)state;
	same_as_the_host("plain");
	same_as_the_host("%s|%4s|%c|%%", "abc", "x", 'y');
	same_as_the_host("%d %i %u %x", -12, INT_MIN, UINT_MAX, 0xbeefU);
	same_as_the_host("%#x %#lx", 0x10U, 0xfeedfacecafeUL);
	same_as_the_host("%016lx|%08x|%4u|%04u", 0x1234UL, 1U, 7U, 7U);
	same_as_the_host("%lu %ld %lld", ULONG_MAX, LONG_MIN, LLONG_MAX);
	same_as_the_host("%zu %" PRIx64 " %" PRIu64, (size_t)9, UINT64_MAX,
			 (uint64_t)0);
	same_as_the_host("%p", (void *)state);
	same_as_the_host("%2u|%2u", 123456U, 0U);
	same_as_the_host("%05d|%5d|%#010lx|%#10x", -12, -12, 0xabcUL, 0xabcU);
}

/* printf() writes 0. */
static void zero_has_its_prefix_too(void **state)
{
	char line[16];
	struct text t = text_in(line, sizeof(line));

	(void)state;
	text_format(&t, "%#x", 0U);
	assert_string_equal(line, "0x0");
}

static void pieces_make_the_same_line(void **state)
{
	char line[64];
	struct text t = text_in(line, sizeof(line));

	(void)state;
	text_string(&t, "mfn ");
	text_hex(&t, 0xb1d, 5);
	text_char(&t, ',');
	text_decimal(&t, UINT64_MAX);
	assert_string_equal(line, "mfn 00b1d,18446744073709551615");
}

/* Every size of buffer: the line's beginning, a NUL, nothing beyond. */
static void what_does_not_fit_is_counted(void **state)
{
	static const char whole[] = "slot 0x1ff of 18446744073709551615: abc";
	char line[sizeof(whole) + 8];

	(void)state;
	for (size_t size = 0; size <= sizeof(whole) + 1; size++) {
		struct text t;
		size_t room = size == 0 ? 0 : size - 1;
		size_t fits = room < strlen(whole) ? room : strlen(whole);

		memset(line, BEYOND, sizeof(line));
		t = text_in(line, size);
		text_format(&t, "slot %#x of %lu: %s", 0x1ffU, UINT64_MAX,
			    "abc");
		assert_int_equal(t.used, fits);
		assert_int_equal(t.used + t.lost, strlen(whole));
		assert_memory_equal(line, whole, fits);
		if (size != 0) {
			assert_int_equal(line[fits], '\0');
		}
		for (size_t i = size; i < sizeof(line); i++) {
			assert_int_equal(line[i], BEYOND);
		}
	}
}

static void a_cut_line_says_that_it_goes_on(void **state)
{
	char line[8];
	struct text t = text_in(line, sizeof(line));

	(void)state;
	text_string(&t, "1234567");
	text_mark_cut(&t);
	assert_string_equal(line, "1234567");
	text_string(&t, "8");
	text_mark_cut(&t);
	assert_string_equal(line, "1234...");
	t = text_in(line, 2);
	text_string(&t, "12");
	text_mark_cut(&t);
	assert_string_equal(line, ".");
	t = text_in(line, 1);
	text_string(&t, "1");
	text_mark_cut(&t);
	assert_string_equal(line, "");
}

/* No compiler would pass such a format to a function that it checks. */
static void raw_format(struct text *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_format_args(t, format, args);
	va_end(args);
}

static void a_format_that_breaks_off_ends_there(void **state)
{
	static const char *const broken[] = {"ab%", "ab%#", "ab%016l"};
	char line[16];

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct text t = text_in(line, sizeof(line));

		raw_format(&t, broken[i], 1, 2);
		assert_string_equal(line, "ab");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversions_are_the_hosts),
		cmocka_unit_test(zero_has_its_prefix_too),
		cmocka_unit_test(pieces_make_the_same_line),
		cmocka_unit_test(what_does_not_fit_is_counted),
		cmocka_unit_test(a_cut_line_says_that_it_goes_on),
		cmocka_unit_test(a_format_that_breaks_off_ends_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
