/* SPDX-License-Identifier: MIT */
/* Results for CI: whatever a guest says, it is well-formed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/junit.h"

static const struct junit_case cases[] = {
	{"boot", "a", 1.5, JUNIT_PASSED, "", NULL},
	{"boot", "b \"<&>\"", 0.25, JUNIT_FAILED, "crashed: \033[31m#PF\n",
	 NULL},
	{"boot", "c", 0, JUNIT_ERROR, "no QEMU", "a\r\n\033<b\tc"},
	{"boot", "d", 0, JUNIT_SKIPPED, "no #VE here", NULL},
};

static void a_suite_is_written(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_true(junit_write(f, "kernels", cases, 4));
	fclose(f);
	assert_string_equal(
		text,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuite name=\"kernels\" tests=\"4\" failures=\"1\" "
		"errors=\"1\" skipped=\"1\" time=\"1.750\">\n"
		"  <testcase classname=\"boot\" name=\"a\" time=\"1.500\"/>\n"
		"  <testcase classname=\"boot\" name=\"b "
		"&quot;&lt;&amp;&gt;&quot;\" time=\"0.250\">\n"
		"    <failure message=\"crashed: ?[31m#PF?\"/>\n"
		"  </testcase>\n"
		"  <testcase classname=\"boot\" name=\"c\" time=\"0.000\">\n"
		"    <error message=\"no QEMU\"/>\n"
		"    <system-out>a\n?&lt;b c</system-out>\n"
		"  </testcase>\n"
		"  <testcase classname=\"boot\" name=\"d\" time=\"0.000\">\n"
		"    <skipped message=\"no #VE here\"/>\n"
		"  </testcase>\n"
		"</testsuite>\n");
	free(text);
}

static void tap_is_version_13(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	tap_write(f, cases, 4);
	fclose(f);
	assert_string_equal(text, "TAP version 13\n1..4\nok 1 - boot: a\n"
				  "not ok 2 - boot: b \"<&>\"\n"
				  "# crashed: ?[31m?PF?\n"
				  "not ok 3 - boot: c\n# no QEMU\n"
				  "ok 4 - boot: d # SKIP\n");
	free(text);
}

static void a_file_that_cannot_be_written_is_told(void **state)
{
	(void)state;
	assert_false(junit_file("/no/such/file", "s", cases, 4));
	assert_false(junit_file("/dev/full", "s", cases, 4));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_suite_is_written),
		cmocka_unit_test(tap_is_version_13),
		cmocka_unit_test(a_file_that_cannot_be_written_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
