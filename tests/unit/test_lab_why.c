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

#include "cli/lab_metal_why.h"
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

/* The stack at the hypercall is that of whoever empties the queue. */
static void who_queued_is_named_where_another_sent(void **state)
{
	struct lab_why w;
	char *text = report(find("huge-page/large", true), &w);

	(void)state;
	assert_false(lab_stack_has(&self, &w.asker, "map_large"));
	assert_true(lab_stack_has(&self, &w.queuer, "map_large"));
	assert_non_null(strstr(text, "  queued by\n"));
	free(text);
	text = report(find("double-pin/twice", true), &w);
	assert_null(strstr(text, "  queued by\n"));
	free(text);
}

/* What a run on the machine prints, as far as it is read. */
static const char told[] =
	"lab: deed\n"
	"lab: about pfn be9\n"
	"PAGEWARDEN ALREADY_PINNED: the table is pinned already: mfn ec9 (pfn "
	"be9)\n"
	"  asked by   #536, vcpu 0: mmuext_op pin_l1_table[0] 0 ec9 0\n"
	"             lab_pin+0x1c < pin_for_use+0x21 < pin_twice+0xe\n"
	"  held by    1 read-only mapping, a pin\n"
	"             ffff888000be9000 L1 mfn ed9[1e9] = 8010000000ec9065 P\n"
	"  history\n"
	"             #535 mmuext_op pin_l1_table[0]: pinned\n"
	"             lab_pin+0x1c < pin_new_table.isra.0+0x21 < use_table+0x48\n";

/* The text with one word in place of another of the same length. */
static const char *otherwise(const char *word, const char *other)
{
	static char text[sizeof(told)];
	char *at;

	memcpy(text, told, sizeof(told));
	at = strstr(text, word);
	assert_non_null(at);
	memcpy(at, other, strlen(other));
	return lab_metal_differs(find("double-pin/twice", true), text);
}

static void what_the_machine_tells_is_held_against_the_history(void **state)
{
	const struct lab_case *c = find("double-pin/twice", true);

	(void)state;
	assert_null(lab_metal_differs(c, told));
	assert_non_null(lab_metal_differs(c, "lab: deed\n"));
	assert_non_null(otherwise("ALREADY_PINNED", "ALREADY_PINNES"));
	assert_non_null(otherwise("(pfn be9)", "(pfn bea)"));
	assert_non_null(otherwise("about pfn be9", "about pfn bea"));
	assert_non_null(otherwise("pin_for_use", "pin_for_you"));
	assert_non_null(otherwise("pin_for_use+", "pin_for_used"));
	assert_non_null(otherwise(", a pin", ", a pan"));
	assert_non_null(otherwise("pin_new_table", "xin_new_table"));
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
		cmocka_unit_test(who_queued_is_named_where_another_sent),
		cmocka_unit_test(
			what_the_machine_tells_is_held_against_the_history),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
