/* SPDX-License-Identifier: MIT */
/*
 * Failures of the lab, as they were recorded in the simulator and shrunk
 * (tests/traces/NAME.pwt, by `pagewarden shrink -o`): the engine still comes to
 * the same results, by the same rules, and to the right counts, and the slow
 * model agrees.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sim/sim.h"
#include "trace/replay/replay.h"

struct recorded {
	const char *name;
	enum rule rule; /* RULES: it is a page fault */
	bool stale;
};

/* What it was recorded for is the last there is. */
static void assert_ends(const struct trace *t, const struct recorded *recorded)
{
	enum rule rule = RULES;
	bool fault = false;
	struct trace_record r;
	uint64_t at = 0;

	while (trace_next(t, &at, &r)) {
		if (r.kind == TRACE_REFUSED) {
			rule = (enum rule)r.detail;
		}
		fault = r.kind == TRACE_PAGE_FAULT;
	}
	assert_int_equal(rule, recorded->rule);
	assert_int_equal(fault, recorded->rule == RULES);
	if (fault) {
		assert_int_equal(r.detail == TRACE_STALE, recorded->stale);
	}
}

static void it_comes_to_what_was_recorded(void **state)
{
	const struct recorded *recorded = *state;
	char error[TRACE_ERROR_SIZE];
	struct replay_result result;
	struct trace t = {0};
	struct replay *r;
	char path[128];

	snprintf(path, sizeof(path), "tests/traces/%s.pwt", recorded->name);
	if (!trace_read_file(&t, path, error)) {
		fail_msg("%s: %s", path, error);
	}
	assert_in_range(t.operations, 1, 9);
	assert_ends(&t, recorded);
	r = replay_new(&t);
	replay_run(r,
		   &(struct replay_options){.audit_every = 1,
					    .oracle_every = 1},
		   &result);
	assert_string_equal(result.line, "");
	assert_false(result.differs);
	assert_int_equal(result.operations, t.operations);
	assert_int_equal(result.differences, 0);
	assert_int_equal(result.oracle.operations, t.operations);
	replay_free(r);
	trace_free(&t);
}

#define RECORDED(file, why)                                            \
	{                                                              \
		.name = file " comes to what was recorded",            \
		.test_func = it_comes_to_what_was_recorded,            \
		.initial_state = &(struct recorded){file, why, false}, \
	}
#define FAULTED(file, is_stale)                                             \
	{                                                                   \
		.name = file " comes to its page fault",                    \
		.test_func = it_comes_to_what_was_recorded,                 \
		.initial_state = &(struct recorded){file, RULES, is_stale}, \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORDED("template", RULE_NOT_WRITABLE),
		RECORDED("early-alias", RULE_NOT_WRITABLE),
		RECORDED("table-high", RULE_BAD_TYPE),
		RECORDED("double-pin", RULE_ALREADY_PINNED),
		RECORDED("huge-page", RULE_UPPER_FLAGS),
		RECORDED("pfn-as-mfn", RULE_BAD_TYPE),
		RECORDED("forgotten-unpin", RULE_NOT_WRITABLE),
		RECORDED("image-tables", RULE_NOT_WRITABLE),
		RECORDED("highmem-entry", RULE_UPDATE_FRAME),
		RECORDED("unmapped-table", RULE_VA_UNMAPPED),
		RECORDED("mfn-list", RULE_NOT_WRITABLE),
		RECORDED("wide-root", RULE_BAD_TYPE),
		RECORDED("user-half", RULE_BAD_TYPE),
		RECORDED("beyond-ram", RULE_MAP_HOLE),
		RECORDED("template-pae", RULE_NOT_WRITABLE),
		FAULTED("tlb-pae", true),
		FAULTED("ro-forever-pae", false),
		FAULTED("tlb", true),
		FAULTED("ro-forever", false),
		FAULTED("accessed-bit", false),
		FAULTED("early-reserve", false),
		FAULTED("struct-page", false),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
