/* SPDX-License-Identifier: MIT */
/*
 * The options of all verbs: what the table has is what the help tells, in 80
 * columns, and mistakes are told in the same words by all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/doctor.h"
#include "cli/inspect.h"
#include "cli/lab.h"
#include "cli/many/test.h"
#include "cli/many/xtf.h"
#include "cli/options.h"
#include "cli/remote.h"
#include "cli/replay.h"
#include "cli/report/report.h"
#include "cli/run_options.h"
#include "cli/shrink.h"
#include "cli/trace.h"
#include "sim/sim.h" /* whose port the lab is linked with */

static const struct {
	enum options_verb verb;
	const char *help;
	bool run_too; /* its help refers to run's */
} verbs[] = {
	{VERB_RUN, run_options_help, false},
	{VERB_DOCTOR, doctor_help, true},
	{VERB_INSPECT, inspect_help, false},
	{VERB_LAB, lab_help, false},
	{VERB_REPLAY, replay_help, false},
	{VERB_REPORT, report_help, false},
	{VERB_SHRINK, shrink_help, false},
	{VERB_TRACE, trace_help, false},
	{VERB_VCPU_SET, vcpu_set_help, false},
	{VERB_TEST, test_help, false},
	{VERB_XTF, xtf_help, false},
};
#define NR_VERBS (sizeof(verbs) / sizeof(verbs[0]))

/* Is there a line of the help that begins with the option? */
static bool is_told(const char *help, const char *option)
{
	const size_t length = strlen(option);
	const char *at = help;

	while ((at = strstr(at, option)) != NULL) {
		const char after = at[length];
		const char *line = at;

		while (line > help && line[-1] != '\n') {
			line--;
		}
		if (strncmp(line, "  -", 3) == 0 && at - line <= 8 &&
		    (after == ' ' || after == '=' || after == '[')) {
			return true;
		}
		at++;
	}
	return false;
}

/* Or is it one of a list in a sentence? */
static bool is_listed(const char *help, const char *option)
{
	const size_t length = strlen(option);

	for (const char *at = help; (at = strstr(at, option)) != NULL; at++) {
		if (at[length] == ',' || at[length] == '.') {
			return true;
		}
	}
	return false;
}

static bool is_verbs(enum options_verb verb, const char *name, size_t length)
{
	for (size_t i = 0; i < option_nr_rows; i++) {
		if ((option_rows[i].verbs & verb) != 0 &&
		    strlen(option_rows[i].name) == length &&
		    memcmp(option_rows[i].name, name, length) == 0) {
			return true;
		}
	}
	return false;
}

static void the_help_tells_each_option(void **state)
{
	(void)state;
	for (size_t v = 0; v < NR_VERBS; v++) {
		for (size_t i = 0; i < option_nr_rows; i++) {
			const struct option_row *row = &option_rows[i];
			char option[40];

			(void)snprintf(option, sizeof(option), "--%s",
				       row->name);
			if ((row->verbs & verbs[v].verb) != 0 &&
			    !is_told(verbs[v].help, option) &&
			    !is_listed(verbs[v].help, option) &&
			    !(verbs[v].run_too &&
			      (row->verbs & VERB_RUN) != 0)) {
				fail_msg("%s: %s is not told",
					 option_verb_name(verbs[v].verb),
					 option);
			}
		}
	}
}

static void the_help_tells_no_other(void **state)
{
	(void)state;
	for (size_t v = 0; v < NR_VERBS; v++) {
		const char *at = verbs[v].help;

		while ((at = strstr(at, "\n  --")) != NULL) {
			const char *name = at + 5;
			size_t length = strspn(name, "abcdefghijklmnopqrstuvwx"
						     "yz0123456789-");

			if (!is_verbs(verbs[v].verb, name, length)) {
				fail_msg("%s has no --%.*s",
					 option_verb_name(verbs[v].verb),
					 (int)length, name);
			}
			at = name;
		}
	}
}

static void the_help_fits_into_80_columns(void **state)
{
	(void)state;
	for (size_t v = 0; v < NR_VERBS; v++) {
		for (const char *at = verbs[v].help; *at != '\0';
		     at += strcspn(at, "\n") + 1) {
			if (strcspn(at, "\n") > 80) {
				fail_msg("%.*s", (int)strcspn(at, "\n"), at);
			}
		}
	}
}

static void mistakes_have_one_wording(void **state)
{
	static const struct {
		const char *words[3];
		const char *message;
	} rows[] = {
		{{"--nothing"}, "unknown option '--nothing'"},
		{{"-x"}, "unknown option '-x'"},
		{{"--help=me"}, "option '--help' takes no argument"},
	};

	(void)state;
	for (size_t v = 0; v < NR_VERBS; v++) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			static char verb[] = "verb";
			char word[32];
			char *argv[] = {verb, word, NULL};
			char error[OPTIONS_ERROR_SIZE] = "";
			struct options_walk w;

			(void)snprintf(word, sizeof(word), "%s",
				       rows[i].words[0]);
			options_begin(&w, verbs[v].verb, 2, argv, error);
			assert_int_equal(options_next(&w), -1);
			assert_string_equal(error, rows[i].message);
		}
	}
}

static void an_option_of_another_verb_is_told_as_that(void **state)
{
	static char verb[] = "verb";
	static char word[] = "--memory=1G";
	char *argv[] = {verb, word, NULL};
	char error[OPTIONS_ERROR_SIZE] = "";
	struct options_walk w;

	(void)state;
	options_begin(&w, VERB_TRACE, 2, argv, error);
	assert_int_equal(options_next(&w), -1);
	assert_string_equal(error, "option '--memory=1G' is for `pagewarden "
				   "run`, not for trace");
}

static void an_argument_that_is_missing_is_told(void **state)
{
	static char verb[] = "verb";
	static char word[] = "--memory";
	char *argv[] = {verb, word, NULL};
	char error[OPTIONS_ERROR_SIZE] = "";
	struct options_walk w;

	(void)state;
	options_begin(&w, VERB_INSPECT, 2, argv, error);
	assert_int_equal(options_next(&w), -1);
	assert_string_equal(error, "option '--memory' needs an argument");
}

/* What run keeps as a set has to fit into one, and a list into a walk. */
static void the_table_fits(void **state)
{
	(void)state;
	for (size_t v = 0; v < NR_VERBS; v++) {
		unsigned int nr = 0;

		for (size_t i = 0; i < option_nr_rows; i++) {
			if ((option_rows[i].verbs & verbs[v].verb) == 0) {
				continue;
			}
			nr++;
			assert_true(verbs[v].verb != VERB_RUN ||
				    option_rows[i].id < OPT_KERNEL + 64);
		}
		assert_in_range(nr, 1, OPTIONS_MAX);
	}
}

static void numbers_are_whole_and_fit(void **state)
{
	static const struct {
		const char *text;
		int base;
		bool good;
		uint64_t value;
	} rows[] = {
		{"0", 10, true, 0},
		{"18446744073709551615", 10, true, UINT64_MAX},
		{"18446744073709551616", 10, false, 0},
		{"ffffffff80100000", 16, true, 0xffffffff80100000},
		{"0xffffffff80100000", 16, true, 0xffffffff80100000},
		{"0x10000000000000000", 0, false, 0},
		{"", 10, false, 0},
		{"-1", 10, false, 0},
		{"+1", 10, false, 0},
		{" 1", 10, false, 0},
		{"1 ", 10, false, 0},
		{"a", 10, false, 0},
		{"1e3", 10, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value = 0;

		if (options_number(rows[i].text, rows[i].base, &value) !=
		    rows[i].good) {
			fail_msg("'%s'", rows[i].text);
		}
		if (rows[i].good) {
			assert_int_equal(value, rows[i].value);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_help_tells_each_option),
		cmocka_unit_test(the_help_tells_no_other),
		cmocka_unit_test(the_help_fits_into_80_columns),
		cmocka_unit_test(mistakes_have_one_wording),
		cmocka_unit_test(an_option_of_another_verb_is_told_as_that),
		cmocka_unit_test(an_argument_that_is_missing_is_told),
		cmocka_unit_test(the_table_fits),
		cmocka_unit_test(numbers_are_whole_and_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
