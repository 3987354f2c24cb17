/* SPDX-License-Identifier: MIT */
/*
 * The lab's reports: each case that fails names what holds the frame, who made
 * it so and who asked, as the history itself knows them; a case that comes out
 * right has nothing to report; and a report is told whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/lab_why.h"
#include "sim/sim.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define REPORT 16384

static struct lab_self self;

static int set_up(void **state)
{
	(void)state;
	lab_self_init(&self);
	return self.kernel.symbols.nr == 0;
}

static int tear_down(void **state)
{
	(void)state;
	lab_self_fini(&self);
	return 0;
}

static const struct lab_options options = {
	.memory = 64 * MIB,
	.big = 600 * GIB,
	.seed = 1,
};

/* The report of a case, to be freed. */
static char *report(const struct lab_case *c, struct lab_why *w)
{
	char *text = calloc(1, REPORT);
	struct text t = text_in(text, REPORT);
	struct lab_result r;

	lab_why_run(&self, c, &options, &r, w);
	lab_result_fini(&r);
	lab_why_tell(&t, &self, w);
	assert_int_equal(t.lost, 0);
	return text;
}

static void every_failure_is_explained_as_its_history_knows_it(void **state)
{
	const struct lab_case *c;

	(void)state;
	for (unsigned int i = 0; (c = lab_case_at(i)) != NULL; i++) {
		struct lab_why w;
		char *text;
		const char *differs;

		if (c->expected == LAB_RIGHT) {
			assert_null(c->blame);
			continue;
		}
		assert_non_null(c->blame);
		text = report(c, &w);
		differs = lab_why_differs(&self, &w, c->blame);
		if (differs != NULL) {
			fail_msg("%s/%s in %s: %s\n%s", c->policy->history,
				 c->policy->name, c->world->name, differs,
				 text);
		}
		free(text);
	}
}

static const struct lab_case *find(const char *policy, bool fails)
{
	const struct lab_case *c;

	for (unsigned int i = 0; (c = lab_case_at(i)) != NULL; i++) {
		if (c->policy == lab_find_policy(policy) &&
		    (c->expected != LAB_RIGHT) == fails) {
			return c;
		}
	}
	fail_msg("no such case of %s", policy);
	return NULL;
}

/* What it says is true only if it can also be false. */
static void a_wrong_blame_is_noticed(void **state)
{
	const struct lab_case *c = find("table-high/used-only", true);
	struct lab_blame b = *c->blame;
	struct lab_why w;

	(void)state;
	free(report(c, &w));
	assert_null(lab_why_differs(&self, &w, &b));
	b.asker = "guest_drop_p2m";
	assert_non_null(lab_why_differs(&self, &w, &b));
	b = *c->blame;
	b.maker = NULL;
	assert_non_null(lab_why_differs(&self, &w, &b));
	b = *c->blame;
	b.holder = LAB_HELD_BY_PIN;
	assert_non_null(lab_why_differs(&self, &w, &b));
	b = *c->blame;
	b.title = "NOT_WRITABLE";
	assert_non_null(lab_why_differs(&self, &w, &b));
	b = *c->blame;
	w.notes.about_frame = true;
	w.notes.about = pfn(w.pfn + 1);
	assert_non_null(lab_why_differs(&self, &w, &b));
}

static void what_comes_out_right_has_nothing_to_explain(void **state)
{
	struct lab_why w;
	char *text = report(find("tlb/flush", false), &w);

	(void)state;
	assert_int_equal(w.kind, LAB_WHY_NOTHING);
	assert_string_equal(text, "");
	free(text);
}

static void a_stale_translation_names_the_request_without_a_flush(void **state)
{
	struct lab_why w;
	char *text = report(find("tlb/no-flush", true), &w);

	(void)state;
	assert_int_equal(w.entry_maker.by, LAB_MADE_BY_REQUEST);
	assert_int_equal(w.entry_maker.op.id, MMU_OP_UPDATE_VA_MAPPING);
	assert_true(w.entry_maker.no_flush);
	assert_non_null(strstr(text, "asked for no flush"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			every_failure_is_explained_as_its_history_knows_it),
		cmocka_unit_test(a_wrong_blame_is_noticed),
		cmocka_unit_test(what_comes_out_right_has_nothing_to_explain),
		cmocka_unit_test(
			a_stale_translation_names_the_request_without_a_flush),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
