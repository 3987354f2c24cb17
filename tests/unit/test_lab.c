/* SPDX-License-Identifier: MIT */
/*
 * The lab: every history comes out as recorded, with small and with large
 * memory; what the public reports quoted stands in the logs; one seed gives
 * one run; and the share of boots that a stale TLB entry kills grows with what
 * the TLB keeps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/many.h"
#include "sim/sim.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

static struct lab_options options(uint64_t memory, uint64_t big)
{
	return (struct lab_options){.memory = memory, .big = big, .seed = 1};
}

static const struct lab_case *find(const char *policy, const char *world)
{
	const struct lab_case *c;

	for (unsigned int i = 0; (c = lab_case_at(i)) != NULL; i++) {
		if (c->policy == lab_find_policy(policy) &&
		    strcmp(c->world->name, world) == 0) {
			return c;
		}
	}
	fail_msg("no case %s in %s", policy, world);
	return NULL;
}

static void run_all(const struct lab_options *o)
{
	const struct lab_case *c;

	for (unsigned int i = 0; (c = lab_case_at(i)) != NULL; i++) {
		struct lab_result r;

		lab_run(c, o, &r);
		if (!r.as_expected) {
			fail_msg("%s/%s in %s with %llu MiB: %s, %s\n%s",
				 c->policy->history, c->policy->name,
				 c->world->name,
				 (unsigned long long)(o->memory / MIB),
				 lab_outcome_name[r.outcome], r.message,
				 sim_log_text(&r.log));
		}
		lab_result_fini(&r);
	}
}

static void every_case_comes_out_as_recorded(void **state)
{
	const struct lab_options small = options(64 * MIB, 600 * GIB);

	(void)state;
	run_all(&small);
}

static void every_case_is_as_recorded_with_checks_all_the_way(void **state)
{
	struct lab_options o = options(64 * MIB, 600 * GIB);

	(void)state;
	o.check_always = true;
	const struct lab_case *c;

	for (unsigned int i = 0; (c = lab_case_at(i)) != NULL; i++) {
		struct lab_result r;

		/* Each check reads the whole frame table. */
		if (lab_memory(c->world, &o) > 64 * MIB) {
			continue;
		}
		lab_run(c, &o, &r);
		if (!r.as_expected) {
			fail_msg("%s/%s in %s: %s", c->policy->history,
				 c->policy->name, c->world->name, r.message);
		}
		lab_result_fini(&r);
	}
}

/* Names are found again, and each policy has at least one case. */
static void every_policy_has_a_case(void **state)
{
	const struct lab_policy *p;
	const struct lab_case *c;
	char name[64];

	(void)state;
	for (unsigned int n = 0; (p = lab_policy_at(n)) != NULL; n++) {
		unsigned int nr = 0;

		for (unsigned int i = 0; (c = lab_case_at(i)) != NULL; i++) {
			nr += c->policy == p;
		}
		assert_true(nr > 0);
		(void)snprintf(name, sizeof(name), "%s/%s", p->history,
			       p->name);
		assert_ptr_equal(lab_find_policy(name), p);
		assert_non_null(lab_find_history(p->history));
	}
	assert_null(lab_find_policy("tlb/"));
	assert_null(lab_find_policy("table"));
	assert_null(lab_find_policy("tlb/flushes"));
	assert_ptr_equal(lab_find_policy("tlb/flush two-ranges"),
			 lab_find_policy("tlb/flush"));
	assert_null(lab_find_history("tlb/flush"));
}

static void used_only_says_what_the_report_said(void **state)
{
	const struct lab_options o = options(64 * MIB, 600 * GIB);
	struct lab_result r;
	const char *bad;
	const char *pin;
	const char *crash;

	(void)state;
	lab_run(find("table-high/used-only", "one range"), &o, &r);
	bad = strstr(sim_log_text(&r.log),
		     "Bad type (saw 7400000000000001 != exp 1000000000000000) "
		     "for mfn ");
	assert_non_null(bad);
	assert_non_null(strstr(bad, "(pfn "));
	pin = strstr(bad, "Error while pinning mfn ");
	assert_non_null(pin);
	/* The frame refused is the frame that was to be pinned. */
	assert_int_equal(strtoull(strstr(bad, "mfn ") + 4, NULL, 16),
			 strtoull(strstr(pin, "mfn ") + 4, NULL, 16));
	crash = strstr(pin, "Domain 1 (vcpu#0) crashed");
	assert_non_null(crash);
	assert_non_null(strstr(pin, "invalid opcode"));
	lab_result_fini(&r);
}

static void no_flush_faults_on_an_entry_that_is_writable(void **state)
{
	const struct lab_options o = options(64 * MIB, 600 * GIB);
	struct lab_result r;
	const char *walk;
	uint64_t entry;

	(void)state;
	lab_run(find("tlb/no-flush", "TLB keeps all"), &o, &r);
	walk = strstr(sim_log_text(&r.log), "unhandled page fault (ec=0003)");
	assert_non_null(walk);
	walk = strstr(walk, "Pagetable walk from ");
	assert_non_null(walk);
	for (int level = 4; level > 0; level--) {
		char name[24];

		(void)snprintf(name, sizeof(name), " L%d[0x", level);
		walk = strstr(walk, name);
		assert_non_null(walk);
		entry = strtoull(strstr(walk, "= ") + 2, NULL, 16);
		assert_int_equal(entry & (PTE_P | PTE_RW), PTE_P | PTE_RW);
	}
	assert_non_null(strstr(walk, "rdi: "));
	assert_int_equal(r.stale_uses, 1);
	lab_result_fini(&r);
}

static void inside_is_refused_with_the_arithmetic(void **state)
{
	const struct lab_options o = options(64 * MIB, 600 * GIB);
	struct lab_result r;

	(void)state;
	lab_run(find("big-p2m/inside", "big, noted"), &o, &r);
	assert_non_null(strstr(r.message, "1200 MiB"));
	assert_non_null(strstr(r.message, "157286400 pages x 8 bytes"));
	assert_non_null(strstr(r.message, "limit of 1024 MiB"));
	lab_result_fini(&r);
}

static void keep_lists_the_pages_that_are_wrong(void **state)
{
	const struct lab_options o = options(64 * MIB, 600 * GIB);
	struct lab_result r;

	(void)state;
	lab_run(find("template/keep", "4-level NX"), &o, &r);
	/* The boot mapping: 8 MiB in 4 KiB pages, executable but for text. */
	assert_int_equal(r.findings.small, 2048 - 512);
	assert_true(r.findings.executable > 1024);
	assert_int_equal(r.findings.missing, 0);
	assert_non_null(strstr(sim_log_text(&r.log),
			       "4 KiB entries where a large page fits"));
	lab_result_fini(&r);
}

/*
 * The direct map at the kernel's base: as much memory as fits there, the text
 * executable in it and, with the right policy, nothing else.
 */
static void over_the_initial_mapping_the_text_stays_executable(void **state)
{
	const struct lab_options o = options(4 * GIB, 600 * GIB);
	struct lab_result r;

	(void)state;
	lab_run(find("template/filter", "hypervisor"), &o, &r);
	assert_true(r.as_expected);
	assert_int_equal(r.memory, GIB);
	assert_int_equal(r.findings.not_executable, 0);
	lab_result_fini(&r);
	lab_run(find("template/keep", "hypervisor"), &o, &r);
	assert_true(r.findings.executable >= 256);
	assert_int_equal(r.findings.executable,
			 lab_findings_total(&r.findings));
	lab_result_fini(&r);
}

static void one_seed_gives_one_run(void **state)
{
	const struct lab_options o = options(64 * MIB, 600 * GIB);
	struct lab_options other = o;
	const struct lab_case *c = find("table-high/used-only", "one range");
	struct lab_result a;
	struct lab_result b;
	struct lab_result d;

	(void)state;
	other.seed = 2;
	lab_run(c, &o, &a);
	lab_run(c, &o, &b);
	lab_run(c, &other, &d);
	assert_string_equal(sim_log_text(&a.log), sim_log_text(&b.log));
	assert_string_not_equal(sim_log_text(&a.log), sim_log_text(&d.log));
	lab_result_fini(&a);
	lab_result_fini(&b);
	lab_result_fini(&d);
}

static void an_outcome_that_differs_is_told(void **state)
{
	const struct lab_options o = options(64 * MIB, 600 * GIB);
	struct lab_case c = *find("tlb/flush", "TLB keeps all");
	struct lab_result r;

	(void)state;
	c.expected = LAB_FAULT;
	lab_run(&c, &o, &r);
	assert_false(r.as_expected);
	lab_result_fini(&r);
	c = *find("tlb/no-flush", "TLB keeps all");
	c.says = "something that it does not say";
	lab_run(&c, &o, &r);
	assert_false(r.as_expected);
	lab_result_fini(&r);
	c.says = NULL;
	c.step = LAB_REUSE;
	lab_run(&c, &o, &r);
	assert_false(r.as_expected);
	lab_result_fini(&r);
}

static void more_retention_kills_more_boots(void **state)
{
	struct lab_sweep_row rows[LAB_SWEEP_ROWS];
	unsigned int last = 0;

	(void)state;
	assert_true(lab_sweep(6, 1, rows));
	for (unsigned int i = 0; i < LAB_SWEEP_ROWS; i++) {
		assert_false(rows[i].broken);
		assert_int_equal(rows[i].boots, 6);
		assert_int_equal(rows[i].crashed[LAB_FLUSH], 0);
		assert_int_equal(rows[i].stale_uses[LAB_FLUSH], 0);
		/* Chance has its say between the ends, but not much. */
		assert_true(rows[i].crashed[LAB_NO_FLUSH] + 2 >= last);
		last = rows[i].crashed[LAB_NO_FLUSH];
	}
	assert_int_equal(rows[0].crashed[LAB_NO_FLUSH], 0);
	assert_int_equal(last, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_comes_out_as_recorded),
		cmocka_unit_test(
			every_case_is_as_recorded_with_checks_all_the_way),
		cmocka_unit_test(every_policy_has_a_case),
		cmocka_unit_test(used_only_says_what_the_report_said),
		cmocka_unit_test(no_flush_faults_on_an_entry_that_is_writable),
		cmocka_unit_test(inside_is_refused_with_the_arithmetic),
		cmocka_unit_test(keep_lists_the_pages_that_are_wrong),
		cmocka_unit_test(
			over_the_initial_mapping_the_text_stays_executable),
		cmocka_unit_test(one_seed_gives_one_run),
		cmocka_unit_test(an_outcome_that_differs_is_told),
		cmocka_unit_test(more_retention_kills_more_boots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
