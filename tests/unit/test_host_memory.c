/* SPDX-License-Identifier: MIT */
/*
 * What fits the host: it is asked before a machine is begun, of a machine that
 * is too large one line is said, and what a run was said to take is enough.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "cli/host_memory.h"
#include "lab/many.h"
#include "sim/sim.h"

#define GIB (UINT64_C(1) << 30)
#define TIB (UINT64_C(1) << 40)

static void a_line_is_found_by_its_whole_name(void **state)
{
	static const char text[] = "MemTotal:       24683636 kB\n"
				   "MemAvailable:   20971520 kB\n"
				   "SwapFree:              4 kB";

	(void)state;
	assert_int_equal(host_memory_line(text, "MemAvailable"), 20 * GIB);
	assert_int_equal(host_memory_line(text, "SwapFree"), 4096);
	assert_int_equal(host_memory_line(text, "Available"), 0);
	assert_int_equal(host_memory_line(text, "Mem"), 0);
	assert_int_equal(host_memory_line("", "SwapFree"), 0);
}

static void what_does_not_fit_is_named(void **state)
{
	char reason[256] = "";

	(void)state;
	assert_true(host_memory_fits("this", 1, reason, sizeof(reason)));
	assert_string_equal(reason, "");
	assert_false(host_memory_fits("the pea", 4096 * TIB, reason,
				      sizeof(reason)));
	assert_non_null(strstr(reason, "the pea takes at least 4096 TiB"));
	assert_non_null(strstr(reason, "--overcommit"));
}

/* 520 GiB booted in 14.8 GiB; 16 TiB took the machine down. */
static void a_guest_takes_what_was_seen(void **state)
{
	(void)state;
	assert_in_range(host_memory_guest(520 * GIB), 14 * GIB, 15 * GIB);
	assert_in_range(host_memory_guest(16 * TIB), 440 * GIB, 460 * GIB);
	assert_in_range(host_memory_guest(GIB), 128 << 20, 192 << 20);
}

static void two_that_do_not_fit_at_once_are_told_of(void **state)
{
	char line[256] = "";

	(void)state;
	assert_false(
		host_memory_in_turn(8 * GIB, 16 * GIB, line, sizeof(line)));
	assert_false(host_memory_in_turn(TIB, UINT64_MAX, line, sizeof(line)));
	assert_string_equal(line, "");
	assert_true(host_memory_in_turn(16 * GIB + (64 << 20), 22 * GIB, line,
					sizeof(line)));
	assert_string_equal(line,
			    "the largest runs take 16 GiB of this host's "
			    "memory each, and 22 GiB are free: one after the "
			    "other");
}

static uint64_t resident(void)
{
	struct rusage use;

	assert_int_equal(getrusage(RUSAGE_SELF, &use), 0);
	return (uint64_t)use.ru_maxrss << 10;
}

/*
 * Cases one after the other, each of which gives its memory back: together they
 * take what one takes.
 */
static void the_lab_takes_no_more_than_it_says(void **state)
{
	struct lab_job jobs[4];
	unsigned int nr = 0;
	uint64_t before = resident();

	(void)state;
	for (unsigned int i = 0; lab_case_at(i) != NULL && nr < 4; i++) {
		const struct lab_case *c = lab_case_at(i);

		if (c->world->memory != LAB_MEMORY_ASKED) {
			continue;
		}
		jobs[nr++] = (struct lab_job){
			.c = c,
			.on = "sim",
			.options = {.memory = 2 * GIB, .seed = 1},
		};
	}
	assert_int_equal(nr, 4);
	assert_int_equal(lab_largest(jobs, nr), 96 << 20);
	lab_run_many(jobs, nr, 0);
	for (unsigned int i = 0; i < nr; i++) {
		assert_true(jobs[i].result.as_expected);
		lab_result_fini(&jobs[i].result);
	}
	assert_in_range(resident() - before, 1 << 20, lab_largest(jobs, nr));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_found_by_its_whole_name),
		cmocka_unit_test(what_does_not_fit_is_named),
		cmocka_unit_test(a_guest_takes_what_was_seen),
		cmocka_unit_test(two_that_do_not_fit_at_once_are_told_of),
		cmocka_unit_test(the_lab_takes_no_more_than_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
