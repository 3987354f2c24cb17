/* SPDX-License-Identifier: MIT */
/* Several domains, from --domain and from a file; what does not go together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/run_options.h"

#define MAX_WORDS 8
#define MIB (UINT64_C(1) << 20)

static char words_kept[MAX_WORDS][2048];

/* Words after "run", NULL-terminated; run_options_fini() is the caller's. */
static enum run_options_result parse(const char *const *words,
				     struct run_options *o, char *error)
{
	char *argv[MAX_WORDS + 1] = {NULL};
	int argc = 0;

	for (const char *word = "run"; word != NULL; word = *words++) {
		assert_true(argc < MAX_WORDS);
		snprintf(words_kept[argc], sizeof(words_kept[0]), "%s", word);
		argv[argc] = words_kept[argc];
		argc++;
	}
	error[0] = '\0';
	return run_options_parse(argc, argv, o, error);
}

static void one_guest_is_one_domain(void **state)
{
	const char *const words[] = {"--kernel", "k", "--memory", "64",
				     "--vcpus",  "3", NULL};
	char error[RUN_OPTIONS_ERROR_SIZE];
	struct run_options o;
	struct run_domain d;

	(void)state;
	assert_int_equal(parse(words, &o, error), RUN_OPTIONS_OK);
	assert_int_equal(run_options_nr(&o), 1);
	d = run_options_domain(&o, 0);
	assert_string_equal(d.name, "guest");
	assert_string_equal(d.kernel, "k");
	assert_int_equal(d.memory, 64 * MIB);
	assert_int_equal(d.vcpus, 3);
	assert_int_equal(d.restarts, 0);
	run_options_fini(&o);
}

static void domains_are_described_by_keys(void **state)
{
	const char *const words[] = {
		"--domain",
		("name=web,kernel=/k,initrd=/i,memory=256M,vcpus=2,"
		 "append=a=1,,2 b,restart=3"),
		"--domain",
		"kernel=x,initrd=none,privileged=yes,root-first=yes",
		"--restart",
		"domain2:7",
		NULL};
	char error[RUN_OPTIONS_ERROR_SIZE];
	struct run_options o = {0};
	const struct run_domain *d = o.domains.list;

	(void)state;
	assert_int_equal(parse(words, &o, error), RUN_OPTIONS_OK);
	assert_int_equal(run_options_nr(&o), 2);
	assert_string_equal(d[0].name, "web");
	assert_string_equal(d[0].kernel, "/k");
	assert_string_equal(d[0].initrd, "/i");
	assert_string_equal(d[0].append, "a=1,2 b");
	assert_int_equal(d[0].memory, 256 * MIB);
	assert_int_equal(d[0].vcpus, 2);
	assert_int_equal(d[0].restarts, 3);
	assert_false(d[0].privileged);
	assert_string_equal(d[1].name, "domain2");
	assert_true(d[1].no_initrd);
	assert_true(d[1].privileged);
	assert_false(d[0].root_first);
	assert_true(d[1].root_first);
	assert_int_equal(d[1].restarts, 7);
	assert_int_equal(d[1].memory, 1024 * MIB);
	run_options_fini(&o);
}

static void a_right_names_the_domains_that_it_is_over(void **state)
{
	const char *const words[] = {"--domain", "name=a,privileged=c+b",
				     "--domain", "name=b",
				     "--domain", "name=c,privileged=no",
				     NULL};
	char error[RUN_OPTIONS_ERROR_SIZE];
	struct run_options o = {0};
	const struct run_domain *d = o.domains.list;

	(void)state;
	assert_int_equal(parse(words, &o, error), RUN_OPTIONS_OK);
	assert_int_equal(d[0].may_map, 6);
	assert_false(d[0].privileged);
	assert_int_equal(d[1].may_map, 0);
	assert_int_equal(d[2].may_map, 0);
	run_options_fini(&o);
}

static void what_does_not_go_together_is_refused(void **state)
{
	static const char big[] = "memory=100T,initrd=none";
	static const struct {
		const char *words[7];
		const char *error;
	} rows[] = {
		{{"--domain", "name=a", "--domain", "name=a"},
		 "two domains have the name 'a'"},
		{{"--domain", big, "--domain", big}, "does not fit"},
		{{"--domain", "vcpus=33"}, "vcpus=33 is no number of vCPUs"},
		{{"--domain", "vcpus=0"}, "vcpus=0 is no number of vCPUs"},
		{{"--domain", "vcpus=3,maxvcpus=2"},
		 "maxvcpus=2 is less than vcpus=3"},
		{{"--domain", "colour=red"}, "colour=red is no key"},
		{{"--domain", "kernel"}, "kernel has no value"},
		{{"--domain", "name=a b"}, "name=a b is no name"},
		{{"--domain", "name="}, "is no name"},
		{{"--domain", "memory=1.5M"}, "memory=1.5M is no size"},
		{{"--domain", "root-first=maybe"}, "is neither yes nor no"},
		{{"--domain", "privileged=maybe"}, "names no other domain"},
		{{"--domain", "name=a,privileged=a"}, "names no other domain"},
		{{"--domain", "name=a,privileged=b+c", "--domain", "name=b"},
		 "privileged=b+c names no other domain"},
		{{"--domain", "privileged="}, "neither yes nor no"},
		{{"--domain", "initrd=none,initrd=x"}, "an initrd, and none"},
		{{"--domain", "name=a", "--memory", "1G"},
		 "--memory is a key of --domain"},
		{{"--domain", "name=a", "--domain", "name=b", "--gdb"},
		 "--gdb is for one domain"},
		{{"--domain", "name=a", "--console", "b"},
		 "there is no domain 'b'"},
		{{"--domain", "name=a", "--restart", "b"},
		 "there is no domain 'b'"},
		{{"--domain", "name=a", "--restart", "a:x"},
		 "'x' is no number of times"},
		{{"--restart", "other"}, "there is no domain 'other'"},
		{{"--config", "/no/such/file"}, "No such file"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char error[RUN_OPTIONS_ERROR_SIZE];
		struct run_options o;

		assert_int_equal(parse(rows[i].words, &o, error),
				 RUN_OPTIONS_BAD);
		if (strstr(error, rows[i].error) == NULL) {
			fail_msg("'%s' does not say '%s'", error,
				 rows[i].error);
		}
		assert_null(strchr(error, '\n'));
		run_options_fini(&o);
	}
}

static void there_are_so_many_domains_and_vcpus(void **state)
{
	char error[DOMAINS_ERROR_SIZE];
	struct domains ds = {.nr = 0};

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		assert_null(domains_add(&ds, "vcpus=32", error));
	}
	assert_non_null(domains_check(&ds, error));
	assert_non_null(strstr(error, "160 vCPUs together, more than 128"));
	domains_fini(&ds);
	ds = (struct domains){.nr = 0};
	for (unsigned int i = 0; i < DOMAINS_MAX; i++) {
		assert_null(domains_add(&ds, "memory=64M", error));
	}
	assert_null(domains_check(&ds, error));
	assert_non_null(domains_add(&ds, "memory=64M", error));
	assert_non_null(strstr(error, "more than 16"));
	domains_fini(&ds);
}

/* Parses a file of that text. */
static enum run_options_result parse_file(const char *text,
					  struct run_options *o, char *error)
{
	char path[] = "/tmp/pagewarden-test-XXXXXX";
	const char *const words[] = {"--config", path, NULL};
	int fd = mkstemp(path);
	enum run_options_result result;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	result = parse(words, o, error);
	unlink(path);
	return result;
}

static void a_file_has_a_section_for_each(void **state)
{
	static const char text[] = "# two of them\n"
				   "\n"
				   "[web]\r\n"
				   "kernel = \"/boot/vmlinuz\"\n"
				   "  ramdisk='/i'\n"
				   "extra = \"root=/dev/x quiet\"\n"
				   "memory = 512\n"
				   "vcpus=2\n"
				   "[ db ]\n"
				   "kernel=k\n"
				   "initrd=none\n"
				   "cmdline = # no comment here\n"
				   "restart = 2";
	char error[RUN_OPTIONS_ERROR_SIZE];
	struct run_options o = {0};
	const struct run_domain *d = o.domains.list;

	(void)state;
	assert_int_equal(parse_file(text, &o, error), RUN_OPTIONS_OK);
	assert_int_equal(o.domains.nr, 2);
	assert_string_equal(d[0].name, "web");
	assert_string_equal(d[0].kernel, "/boot/vmlinuz");
	assert_string_equal(d[0].initrd, "/i");
	assert_string_equal(d[0].append, "root=/dev/x quiet");
	assert_int_equal(d[0].memory, 512 * MIB);
	assert_int_equal(d[0].vcpus, 2);
	assert_string_equal(d[1].name, "db");
	assert_true(d[1].no_initrd);
	assert_string_equal(d[1].append, "# no comment here");
	assert_int_equal(d[1].restarts, 2);
	run_options_fini(&o);
}

static void a_file_s_errors_have_their_line(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} rows[] = {
		{"[a]\ncolour = red\n", ":2: 'colour' is no key"},
		{"kernel=k\n", ":1: 'kernel=k' stands before"},
		{"[a]\n\nkernel\n", ":3: 'kernel' is not KEY = VALUE"},
		{"[a\n", ":1: '[a' ']' is missing"},
		{"[a]\nkernel=\"k\n", "has a quote that does not end"},
		{"[a]\n[a]\n", "two domains have the name 'a'"},
		{"[a b]\n", "is no name"},
		{"[a]\nvcpus=99\n", "is no number of vCPUs"},
		{"# nothing\n", "there is no [section]"},
		{"", "there is no [section]"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char error[RUN_OPTIONS_ERROR_SIZE];
		struct run_options o;

		assert_int_equal(parse_file(rows[i].text, &o, error),
				 RUN_OPTIONS_BAD);
		if (strstr(error, rows[i].error) == NULL) {
			fail_msg("'%s' does not say '%s'", error,
				 rows[i].error);
		}
		run_options_fini(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_guest_is_one_domain),
		cmocka_unit_test(domains_are_described_by_keys),
		cmocka_unit_test(a_right_names_the_domains_that_it_is_over),
		cmocka_unit_test(what_does_not_go_together_is_refused),
		cmocka_unit_test(there_are_so_many_domains_and_vcpus),
		cmocka_unit_test(a_file_has_a_section_for_each),
		cmocka_unit_test(a_file_s_errors_have_their_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
