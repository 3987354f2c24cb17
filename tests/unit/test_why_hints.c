/* SPDX-License-Identifier: MIT */
/*
 * What the facts of a refusal let a report add: hints, who is to blame for a
 * stale translation, the earlier request that went wrong; and nothing without
 * facts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/why/hints.h"
#include "cli/why/holders.h"
#include "cli/why/report.h"

static void hints_follow_from_facts(void **state)
{
	static const struct {
		const char *event, *history, *wanted;
		struct holders h;
	} cases[] = {
		{"{\"rule\":\"ALREADY_PINNED\",\"mfn\":\"0x41\"}",
		 "[{\"request\":7,\"what\":\"pinned\"}]",
		 "hint       the same frame was pinned at #7",
		 {0}},
		{"{\"rule\":\"NOT_WRITABLE\",\"mfn\":\"0x41\",\"seen\":"
		 "\"0x1c00000000000001\",\"expected\":"
		 "\"0x7000000000000000\"}",
		 "[{\"request\":7,\"what\":\"pinned\"}]",
		 "hint       the frame was given back while it is pinned, "
		 "since #7\n",
		 {.pinned = true, .given_back = true}},
		{"{\"event\":\"table_write\",\"mfn\":\"0x41\",\"seen\":"
		 "\"0x1c00000000000001\"}",
		 "[{\"request\":7,\"what\":\"pinned\"}]",
		 "hint       the frame is pinned still, since #7\n",
		 {.pinned = true}},
		{"{\"rule\":\"NOT_OWNED\",\"mfn\":\"0x41\"}",
		 "[]",
		 "the domain has no mfn 41; as a pfn it is mfn 99",
		 {.foreign = true, .as_pfn = 0x99}},
		{"{\"rule\":\"BAD_TYPE\",\"mfn\":\"0x41\",\"seen\":"
		 "\"0x7400000000000001\",\"expected\":"
		 "\"0x1000000000000000\"}",
		 "[]",
		 "hint       as a pfn 41 is mfn 99, which is mapped nowhere",
		 {.as_pfn = 0x99, .pfn_is_set = true}},
		{"{\"rule\":\"BAD_TYPE\",\"mfn\":\"0x41\",\"seen\":"
		 "\"0x7400000000000001\",\"expected\":"
		 "\"0x1000000000000000\"}",
		 "[]",
		 "made of memory that is still mapped writable at ffff8880",
		 {.nr = 1,
		  .writable = 1,
		  .list[0] = {.reached = true,
			      .va = 0xffff888000041000,
			      .entry = {0x41067}}}},
		{"{\"rule\":\"NOT_WRITABLE\",\"mfn\":\"0x41\",\"seen\":"
		 "\"0x1c00000000000001\",\"expected\":"
		 "\"0x7000000000000000\"}",
		 "[{\"request\":1,\"op\":\"domain start\",\"what\":"
		 "\"became a table\"}]",
		 "hint       the frame is a table that came with the domain",
		 {0}},
		{"{\"rule\":\"L1_FLAGS\",\"bits\":\"0x18\"}",
		 "[]",
		 "accepted if the entry were without PWT PCD",
		 {0}},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[1024];
		struct text t = text_in(text, sizeof(text));
		struct why_case c = {
			.event = cJSON_Parse(cases[i].event),
			.history = cJSON_Parse(cases[i].history),
		};

		hints_tell(&t, &c, &cases[i].h);
		if (strstr(text, cases[i].wanted) == NULL) {
			fail_msg("no \"%s\" in: %s", cases[i].wanted, text);
		}
		cJSON_Delete((cJSON *)(uintptr_t)c.event);
		cJSON_Delete((cJSON *)(uintptr_t)c.history);
	}
}

/* The failure of 2011: nobody looked at what the earlier request returned. */
static void an_earlier_refusal_may_be_what_is_wrong(void **state)
{
	static const struct {
		const char *earlier; /* rule and entry wanted */
		bool named;
	} rows[] = {
		{"\"VA_UNMAPPED\",\"operand1\":\"0x41061\"", true},
		{"\"VA_UNMAPPED\",\"operand1\":\"0x41063\"", false},
		{"\"VA_UNMAPPED\",\"operand1\":\"0x42061\"", false},
		{"\"VA_UNMAPPED\",\"operand1\":\"0x41060\"", false},
		{"\"L1_FLAGS\",\"operand1\":\"0x41061\"", false},
	};
	const struct holders h = {.nr = 1, .writable = 1};

	(void)state;
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char list[512];
		char text[1024] = "";
		struct text t = text_in(text, sizeof(text));
		cJSON *refusals;
		struct why_case c = {.event = NULL};

		snprintf(list, sizeof(list),
			 "[{\"rule\":%s,\"request\":6163},"
			 "{\"rule\":\"BAD_TYPE\",\"mfn\":\"0x41\","
			 "\"seen\":\"0x7400000000000001\","
			 "\"expected\":\"0x1000000000000000\"}]",
			 rows[i].earlier);
		refusals = cJSON_Parse(list);
		c.refusals = refusals;
		c.event = cJSON_GetArrayItem(refusals, 1);
		hints_tell(&t, &c, &h);
		assert_non_null(strstr(text, "accepted if the entry that holds "
					     "it had been written without RW"));
		assert_int_equal(strstr(text, "RW, or the mapping were "
					      "reachable at #6163\n") != NULL,
				 rows[i].named);
		cJSON_Delete(refusals);
	}
}

/* Only about the entry that the fault went by. */
static void a_stale_translation_is_the_doing_of_a_request(void **state)
{
	static const struct {
		const char *lint;
		bool named;
	} rows[] = {
		{"\"no flush\",\"table\":\"0x42d\",\"slot\":275", true},
		{"\"no flush\",\"table\":\"0x42d\",\"slot\":276", false},
		{"\"no flush\",\"table\":\"0x42e\",\"slot\":275", false},
		{"\"bits lost\",\"table\":\"0x42d\",\"slot\":275", false},
	};
	cJSON *event =
		cJSON_Parse("{\"event\":\"stale_translation\",\"mfn\":\"0x41\","
			    "\"table\":\"0x42d\",\"slot\":275}");

	(void)state;
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char list[256];
		char text[1024] = "";
		struct text t = text_in(text, sizeof(text));
		cJSON *lint;
		struct why_case c = {.event = event};

		snprintf(list, sizeof(list),
			 "[{\"request\":5,\"op\":\"mmu_update\","
			 "\"old\":\"0x41025\",\"what\":%s}]",
			 rows[i].lint);
		lint = cJSON_Parse(list);
		c.lint = lint;
		hints_tell(&t, &c, NULL);
		if (rows[i].named) {
			assert_string_equal(
				text, "  hint       #5 mmu_update made the "
				      "entry writable; the CPU has kept what "
				      "it was before: P US A\n");
		} else {
			assert_string_equal(text, "");
		}
		cJSON_Delete(lint);
	}
	cJSON_Delete(event);
}

static void without_facts_there_is_no_hint(void **state)
{
	const struct holders h = {.as_pfn = 0x99};
	char text[256] = "";
	struct text t = text_in(text, sizeof(text));
	struct why_case c = {
		.event = cJSON_Parse("{\"rule\":\"BAD_TYPE\",\"mfn\":"
				     "\"0x41\"}"),
	};

	(void)state;
	hints_tell(&t, &c, &h);
	hints_tell(&t, &c, NULL);
	assert_string_equal(text, "");
	cJSON_Delete((cJSON *)(uintptr_t)c.event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hints_follow_from_facts),
		cmocka_unit_test(an_earlier_refusal_may_be_what_is_wrong),
		cmocka_unit_test(a_stale_translation_is_the_doing_of_a_request),
		cmocka_unit_test(without_facts_there_is_no_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
