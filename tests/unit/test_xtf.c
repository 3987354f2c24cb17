/* SPDX-License-Identifier: MIT */
/*
 * XTF's tests as they lie in folders, made by hand, and what their consoles
 * say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/many/xtf_find.h"

static char top[] = "/tmp/xtf-XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[512];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", top, name);
	for (char *c = path + strlen(top) + 1; *c != '\0'; c++) {
		if (*c == '/') {
			*c = '\0';
			(void)mkdir(path, 0777);
			*c = '/';
		}
	}
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int make_tree(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(top));
	write_file(
		"tests/b/info.json",
		"{\"name\": \"b\", \"category\": \"xsa\", \"environments\": "
		"[\"pv64\", \"hvm64\"], \"variations\": [\"one\", \"two\"]}");
	write_file("tests/b/test-pv64-b~one.cfg",
		   "name=\"test-pv64-b~one\"\nvcpus=2 \nmemory = 64\n"
		   "kernel=\"/elsewhere/test-pv64-b\"\ncmdline=\"a b # c\"\n");
	write_file("tests/b/test-pv64-b~two.cfg", "extra = 'x'\n");
	write_file("tests/a/info.json",
		   "{\"name\": \"a\", \"category\": \"functional\", "
		   "\"environments\": [\"pv64\", \"pv32pae\"], "
		   "\"variations\": []}");
	write_file("tests/a/test-pv64-a.cfg", "memory=128\n");
	return 0;
}

static int remove_tree(void **state)
{
	char words[64];

	(void)state;
	(void)snprintf(words, sizeof(words), "rm -rf %s", top);
	return system(words); /* NOLINT(cert-env33-c) */
}

static void each_configuration_is_found(void **state)
{
	struct xtf_list list;

	(void)state;
	assert_true(xtf_find(&list, top, "pv64"));
	assert_int_equal(list.nr, 3);
	assert_int_equal(list.nr_others, 3);
	assert_string_equal(list.tests[0].name, "a");
	assert_string_equal(list.tests[0].category, "functional");
	assert_int_equal(list.tests[0].memory, 128 << 20);
	assert_int_equal(list.tests[0].vcpus, 1);
	assert_string_equal(list.tests[0].cmdline, "");
	assert_string_equal(list.tests[1].name, "b~one");
	assert_int_equal(list.tests[1].vcpus, 2);
	assert_int_equal(list.tests[1].memory, 64 << 20);
	assert_string_equal(list.tests[1].cmdline, "a b # c");
	/* The image lies beside it, wherever it was built. */
	assert_memory_equal(list.tests[1].image, top, strlen(top));
	assert_non_null(strstr(list.tests[1].image, "/b/test-pv64-b"));
	assert_string_equal(list.tests[2].cmdline, "x");
	xtf_forget(&list);
}

/* A build that was cut short, and a folder that stands elsewhere. */
static void no_test_is_passed_over(void **state)
{
	struct xtf_list list;
	char from[64];
	char to[64];

	(void)state;
	write_file("tests/c/main.c", "");
	write_file("tests/a/main.c", "");
	write_file("apart/d/info.json", "{\"name\": \"d\", \"environments\": "
					"[\"pv64\"]}");
	write_file("apart/d/test-pv64-d.cfg", "memory=64\n");
	(void)snprintf(to, sizeof(to), "%s/apart/d", top);
	(void)snprintf(from, sizeof(from), "%s/tests/d", top);
	assert_int_equal(symlink(to, from), 0);
	(void)snprintf(to, sizeof(to), "%s/tests", top);
	assert_true(xtf_find(&list, to, "pv64"));
	assert_int_equal(list.nr, 4);
	assert_string_equal(list.tests[3].name, "d");
	assert_int_equal(list.nr_unbuilt, 1);
	assert_string_equal(list.unbuilt, "c");
	xtf_forget(&list);
	/* One that leads nowhere. */
	write_file("lost/e/main.c", "");
	(void)snprintf(from, sizeof(from), "%s/lost/e/info.json", top);
	assert_int_equal(symlink("/no/such", from), 0);
	assert_false(xtf_find(&list, top, "pv64"));
	xtf_forget(&list);
	assert_int_equal(unlink(from), 0);
}

static void what_is_wrong_is_told(void **state)
{
	struct xtf_list list;

	(void)state;
	assert_false(xtf_find(&list, "/no/such", "pv64"));
	xtf_forget(&list);
	assert_int_equal(chdir(top) | chdir("tests/a"), 0);
	assert_false(xtf_find(&list, "info.json", "pv64"));
	xtf_forget(&list);
	assert_int_equal(chdir("/"), 0);
	/* Its .cfg is missing. */
	assert_false(xtf_find(&list, top, "pv32pae"));
	xtf_forget(&list);
	assert_false(xtf_find(&list, "/sys/class/mem", "pv64"));
	xtf_forget(&list);
	write_file("odd/c/info.json", "{\"name\": 7}");
	assert_false(xtf_find(&list, top, "pv64"));
	xtf_forget(&list);
	write_file("odd/c/info.json",
		   "{\"name\": \"c\", \"environments\": [\"pv64\"]}");
	write_file("odd/c/test-pv64-c.cfg", "vcpus=33\n");
	assert_false(xtf_find(&list, top, "pv64"));
	xtf_forget(&list);
}

static void consoles_say_how_it_went(void **state)
{
	static const struct {
		const char *console;
		bool told;
		const char *word;
		enum junit_outcome outcome;
		const char *title;
	} rows[] = {
		{"--- Xen Test Framework ---\r\nTest result: SUCCESS\r\n", true,
		 "SUCCESS", JUNIT_PASSED, ""},
		{"Test result: SUCCESS with warnings\r\n", true, "SUCCESS",
		 JUNIT_PASSED, ""},
		{"Skip: no feature\r\nTest result: SKIP\r\n", true, "SKIP",
		 JUNIT_SKIPPED, "Skip: no feature"},
		{"Test result: SUCCESS\nError: x\nTest result: ERROR\n", true,
		 "ERROR", JUNIT_ERROR, "Error: x"},
		{"  Fail: at 0xffff83000012 got 14\nTest result: FAILURE\n",
		 true, "FAILURE", JUNIT_FAILED, "Fail: at 0x# got 14"},
		{"Test result: FAILURE\n", true, "FAILURE", JUNIT_FAILED,
		 "FAILURE"},
		{"Test result: RUNNING\n", false, "CRASH", JUNIT_PASSED, ""},
		{"no Test result: SUCCESS\n", false, "CRASH", JUNIT_PASSED, ""},
		{"", false, "CRASH", JUNIT_PASSED, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run_case c = {.outcome = JUNIT_PASSED};
		const char *word;

		assert_int_equal(xtf_verdict(rows[i].console, &c, &word),
				 rows[i].told);
		assert_string_equal(word, rows[i].word);
		assert_int_equal(c.outcome, rows[i].outcome);
		assert_string_equal(c.title, rows[i].title);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_configuration_is_found),
		cmocka_unit_test(no_test_is_passed_over),
		cmocka_unit_test(what_is_wrong_is_told),
		cmocka_unit_test(consoles_say_how_it_went),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
