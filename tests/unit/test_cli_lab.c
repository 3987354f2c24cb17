/* SPDX-License-Identifier: MIT */
/*
 * cli/lab.c: what it takes and refuses, its exit status, and that its JSON is
 * JSON with a run for each case.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/lab.h"
#include "cli/lab_metal.h"
#include "cli/lab_table.h"
#include "cli/say.h"
#include "sim/sim.h"

#define MAX_WORDS 12

/* Runs the command with words divided by spaces; *ret_text is to be freed. */
static int run(const char *words, char **ret_text)
{
	char line[256];
	char *argv[MAX_WORDS + 1] = {NULL};
	int argc = 0;
	FILE *out = tmpfile();
	int saved = dup(STDOUT_FILENO);
	size_t size;
	int status;

	(void)snprintf(line, sizeof(line), "lab %s", words);
	for (char *word = strtok(line, " "); word != NULL && argc < MAX_WORDS;
	     word = strtok(NULL, " ")) {
		argv[argc++] = word;
	}
	assert_non_null(out);
	(void)fflush(stdout);
	assert_true(dup2(fileno(out), STDOUT_FILENO) >= 0);
	status = cmd_lab(argc, argv);
	(void)fflush(stdout);
	assert_true(dup2(saved, STDOUT_FILENO) >= 0);
	(void)close(saved);
	size = (size_t)lseek(fileno(out), 0, SEEK_END);
	*ret_text = calloc(size + 1, 1);
	assert_non_null(*ret_text);
	assert_true(pread(fileno(out), *ret_text, size, 0) == (ssize_t)size);
	(void)fclose(out);
	return status;
}

static void check(const char *words, int status, const char *text)
{
	char *out;
	int got = run(words, &out);

	if (got != status || strstr(out, text) == NULL) {
		fail_msg("lab %s: status %d\n%s", words, got, out);
	}
	free(out);
}

static void bad_usage_has_status_2(void **state)
{
	static const char *const bad[] = {
		"run",
		"run tlb --all",
		"run tlb big-p2m",
		"run nothing",
		"dance",
		"show tlb",
		"show tlb nothing",
		"show nothing flush",
		"show tlb flush nowhere",
		"show tlb flush a b",
		"run tlb --memory 63M",
		"run tlb --memory 2T",
		"run tlb --memory much",
		"run tlb --on moon",
		"run tlb --seed x",
		"run tlb --seed -1",
		"run --big 1M --all",
		"run --wrong",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		check(bad[i], STATUS_USAGE, "");
	}
}

static void it_lists_histories_and_policies(void **state)
{
	(void)state;
	check("", STATUS_OK, "table-high");
	check("", STATUS_OK, "  used-only");
	check("--help", STATUS_OK, "usage: pagewarden lab");
}

static void show_prints_the_log_and_the_row(void **state)
{
	(void)state;
	check("show table-high used-only --memory 64M", STATUS_OK,
	      "Error while pinning mfn");
	check("show tlb no-flush --memory 64M", STATUS_OK,
	      "Pagetable walk from");
	check("show template keep --memory 64M", STATUS_OK,
	      "executable, and no kernel text");
}

static void a_table_has_a_row_for_each_run(void **state)
{
	(void)state;
	check("run tlb", STATUS_OK, "8 runs, 0 not as recorded");
	check("run tlb", STATUS_OK, "boots that crash");
	check("run table-high --memory 64M", STATUS_OK, "39 runs, 0 not");
	check("run tlb --wide", STATUS_OK, "tlb/no-flush               TLB ");
	/* One policy, in all its worlds. */
	check("run tlb flush", STATUS_OK, "4 runs, 0 not");
	check("run tlb nothing", STATUS_USAGE, "");
	check("run tlb flush nowhere", STATUS_USAGE, "");
	check("run tlb flush nowhere else", STATUS_USAGE, "");
}

static bool can(const char *policy, const char *world, const char *on,
		const struct lab_options *o)
{
	const struct lab_case *c;

	for (unsigned int i = 0; (c = lab_case_at(i)) != NULL; i++) {
		if (c->policy == lab_find_policy(policy) &&
		    strcmp(c->world->name, world) == 0) {
			return lab_metal_can(c, on, o);
		}
	}
	fail_msg("no case %s in %s", policy, world);
	return false;
}

/* What a real machine can show: not another CPU, nor another builder. */
static void what_runs_on_metal(void **state)
{
	const struct lab_history *template = lab_find_history("template");
	struct lab_options o = {.memory = LAB_MEMORY_DEFAULT,
				.big = LAB_BIG_DEFAULT};

	(void)state;
	for (unsigned int p = 0; p < template->nr_policies; p++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "template/%s",
			       template->policies[p].name);
		assert_true(can(name, "hypervisor", "hv", &o));
		assert_true(can(name, "hypervisor", "xen", &o));
		assert_true(can(name, "hypervisor PAE", "hv", &o));
		assert_false(can(name, "hypervisor PAE", "xen", &o));
		assert_false(can(name, "4-level NX", "hv", &o));
	}
	assert_true(can("table-high/used-only", "one range", "xen", &o));
	assert_true(can("table-high/open-slot", "one range PAE", "hv", &o));
	assert_true(can("pt-quirk/from-pt-base", "hypervisor PAE", "hv", &o));
	assert_false(can("pt-quirk/from-pt-base", "hypervisor PAE", "xen", &o));
	assert_false(can("tlb/no-flush", "TLB keeps none", "hv", &o));
	assert_false(can("big-p2m/inside", "noted", "hv", &o));
	assert_false(can("big-p2m/outside", "big, noted", "hv", &o));
	o.big_asked = true;
	assert_true(can("big-p2m/outside", "big, noted", "hv", &o));
	assert_false(can("big-p2m/outside", "big, noted", "xen", &o));
}

static void json_is_json(void **state)
{
	char *out;
	cJSON *all;
	const cJSON *one;

	(void)state;
	assert_int_equal(run("run tlb --json", &out), STATUS_OK);
	all = cJSON_Parse(out);
	assert_non_null(all);
	one = cJSON_GetArrayItem(cJSON_GetObjectItem(all, "runs"), 0);
	assert_string_equal(cJSON_GetObjectItem(one, "history")->valuestring,
			    "tlb");
	assert_string_equal(cJSON_GetObjectItem(one, "outcome")->valuestring,
			    "page fault");
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(one, "as_expected")));
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(one, "frames_lost")));
	assert_int_equal(cJSON_GetArraySize(
				 cJSON_GetObjectItem(all, "tlb_sweep")),
			 LAB_SWEEP_ROWS);
	cJSON_Delete(all);
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_usage_has_status_2),
		cmocka_unit_test(it_lists_histories_and_policies),
		cmocka_unit_test(show_prints_the_log_and_the_row),
		cmocka_unit_test(a_table_has_a_row_for_each_run),
		cmocka_unit_test(what_runs_on_metal),
		cmocka_unit_test(json_is_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
