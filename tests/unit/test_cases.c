/* SPDX-License-Identifier: MIT */
/*
 * A run as cases: who reads them comes to no other conclusion than who reads
 * the exit status, however the run ended.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/cases.h"
#include "cli/run_options.h"

static struct run_cases cases;

/* What a machine told that ended so. */
static void machine(struct monitor *m, enum run_result result)
{
	const struct run_report whole = {
		.result = result,
		.monitor = m,
		.kernel = "/boot/vmlinuz-6.1",
		.seconds = 2,
		.asker = "",
		.detail = "",
	};

	assert_true(monitor_init(m));
	cases_of(&cases, &(struct machine_report){.whole = &whole});
}

static void conclude(int result, const char *who, int status, const char *error)
{
	cases_conclude(&cases, &(struct cases_end){
				       .kernel = "/boot/vmlinuz-6.1",
				       .error = error,
				       .who = who,
				       .status = status,
				       .result = result,
				       .guest_is_guilty = result == 1 ||
							  result == 123 ||
							  result == 124,
			       });
}

/* However the machine ended, with whatever exit status of the whole. */
static void nothing_passes_with_a_status_that_is_not_0(void **state)
{
	static const int results[] = {0, 1, 2, 3, 7, 123, 124, 125, 126, 255};

	(void)state;
	for (int r = RUN_POWERED_OFF; r <= RUN_OUTPUT_FAILED; r++) {
		for (size_t i = 0; i < sizeof(results) / sizeof(*results);
		     i++) {
			struct monitor m;
			bool passed;

			machine(&m, (enum run_result)r);
			passed = cases.list[0].outcome == JUNIT_PASSED;
			assert_int_equal(passed,
					 r == RUN_POWERED_OFF || r == RUN_SEEN);
			conclude(results[i], NULL, 0, "");
			assert_int_equal(cases.nr, 1);
			assert_int_equal(cases.list[0].outcome == JUNIT_PASSED,
					 passed && results[i] == 0);
			assert_int_equal(cases.list[0].title[0] == '\0',
					 passed && results[i] == 0);
			monitor_fini(&m);
		}
	}
}

static void a_command_that_fails_is_a_failure(void **state)
{
	struct monitor m;

	(void)state;
	machine(&m, RUN_POWERED_OFF);
	conclude(42, "the command", 42, "");
	assert_int_equal(cases.list[0].outcome, JUNIT_FAILED);
	assert_string_equal(cases.list[0].title,
			    "the command ended with status 42");
	assert_string_equal(cases.list[0].name, "vmlinuz-6.1");
	monitor_fini(&m);
}

static void a_run_that_never_began_is_an_error(void **state)
{
	(void)state;
	cases.nr = 0;
	conclude(2, NULL, 0, "kernel x: not a Xen kernel");
	assert_int_equal(cases.nr, 1);
	assert_int_equal(cases.list[0].outcome, JUNIT_ERROR);
	assert_string_equal(cases.list[0].title, "kernel x: not a Xen kernel");
}

/* A trace that could not be written, after a guest that ended well. */
static void what_failed_at_the_end_is_an_error(void **state)
{
	struct monitor m;

	(void)state;
	machine(&m, RUN_POWERED_OFF);
	conclude(3, NULL, 0, "--record x: No space left on device");
	assert_int_equal(cases.list[0].outcome, JUNIT_ERROR);
	assert_string_equal(cases.list[0].title,
			    "--record x: No space left on device");
	monitor_fini(&m);
}

static void what_a_machine_tells_is_not_told_otherwise(void **state)
{
	struct monitor m;

	(void)state;
	machine(&m, RUN_TIMED_OUT);
	conclude(124, NULL, 0, "");
	assert_int_equal(cases.list[0].outcome, JUNIT_FAILED);
	assert_string_equal(cases.list[0].title,
			    "after no phase; timeout: guest killed");
	assert_true(cases.list[0].seconds == 2.0);
	monitor_fini(&m);
}

/* Of another run, which was never to be taken for this one's. */
static void an_old_file_does_not_survive_the_beginning(void **state)
{
	char path[] = "/tmp/cases-XXXXXX";
	int fd = mkstemp(path);
	FILE *f;

	(void)state;
	assert_int_equal(write(fd, "old", 3), 3);
	close(fd);
	assert_true(junit_reserve(path));
	f = fopen(path, "re");
	assert_int_equal(fgetc(f), EOF);
	fclose(f);
	unlink(path);
	assert_false(junit_reserve("/no/such/file"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_passes_with_a_status_that_is_not_0),
		cmocka_unit_test(a_command_that_fails_is_a_failure),
		cmocka_unit_test(a_run_that_never_began_is_an_error),
		cmocka_unit_test(what_failed_at_the_end_is_an_error),
		cmocka_unit_test(what_a_machine_tells_is_not_told_otherwise),
		cmocka_unit_test(an_old_file_does_not_survive_the_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
