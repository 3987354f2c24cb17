/* SPDX-License-Identifier: MIT */
/* A report as an object says what its lines say, each thing by its name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/monitor.h"
#include "cli/why/json.h"
#include "cli/why/members.h"

static const char refused[] =
	"{\"event\":\"refusal\",\"domain\":1,\"rule\":\"NOT_WRITABLE\","
	"\"sentence\":\"it is a table\",\"invariant\":\"I2\",\"op\":"
	"\"mmu_update\",\"index\":17,\"of\":32,\"call\":3,\"vcpu\":2,"
	"\"us\":12,\"mfn\":\"0x41\",\"pfn\":\"0x5\",\"seen\":"
	"\"0x1c00000000000001\",\"expected\":\"0x7000000000000000\","
	"\"level\":1,\"entry\":\"0x4101b\",\"bits\":\"0x18\",\"old\":"
	"\"0x10003\",\"table\":\"0x6\",\"slot\":1,\"asked_table\":\"0x9\","
	"\"operand0\":\"0x5008\",\"operand1\":\"0x4101b\",\"request\":9,"
	"\"stack\":[],\"rip\":\"0x1\",\"uses\":[{\"by\":\"another domain\","
	"\"domain\":2,\"entries\":1,\"writable\":true}],\"more_uses\":4}";

static const char history[] =
	"[{\"request\":4,\"op\":\"mmuext_op pin_l4_table\",\"index\":0,"
	"\"what\":\"became a table\",\"stack\":[]},"
	"{\"request\":5,\"op\":\"mmu_update\",\"index\":1,\"of\":2,"
	"\"what\":\"mapped read-only\",\"level\":1,\"table\":\"0xb2\","
	"\"slot\":7,\"old\":\"0x0\",\"entry\":\"0x41005\",\"stack\":[]}]";

static const struct holders holding = {
	.nr = 1,
	.read_only = 3,
	.list[0] = {.table = 0xb2,
		    .slot = 7,
		    .level = 1,
		    .entry = {0x41005},
		    .reached = true,
		    .hooked = true,
		    .root = 0xb0,
		    .va = 0xffff888000041000},
};

struct made {
	struct why_case c;
	cJSON *event, *history, *report;
};

static int set_up(void **state)
{
	static struct made m;

	m.event = cJSON_Parse(refused);
	m.history = cJSON_Parse(history);
	assert_non_null(m.event);
	assert_non_null(m.history);
	m.c = (struct why_case){
		.event = m.event,
		.history = m.history,
		.holders = &holding,
		.again = "pagewarden run",
	};
	m.report = why_case_json(&m.c);
	assert_non_null(m.report);
	*state = &m;
	return 0;
}

static int tear_down(void **state)
{
	struct made *m = *state;

	cJSON_Delete(m->event);
	cJSON_Delete(m->history);
	cJSON_Delete(m->report);
	return 0;
}

static const cJSON *get(const cJSON *from, const char *name)
{
	const cJSON *found = cJSON_GetObjectItemCaseSensitive(from, name);

	if (found == NULL) {
		fail_msg("no %s", name);
	}
	return found;
}

static void assert_text(const cJSON *from, const char *name, const char *text)
{
	assert_string_equal(cJSON_GetStringValue(get(from, name)), text);
}

static void assert_number(const cJSON *from, const char *name, uint64_t value)
{
	assert_int_equal(monitor_number(from, name, UINT64_MAX), value);
}

static void the_request_is_decoded(void **state)
{
	const struct made *m = *state;
	const cJSON *r = get(m->report, REPORT_REQUEST);

	assert_text(m->report, REPORT_TITLE, "NOT_WRITABLE");
	assert_text(m->report, REPORT_SENTENCE, "it is a table");
	assert_text(m->report, REPORT_MFN, "0x41");
	assert_text(m->report, REPORT_SEEN,
		    "L1 table, pinned, validated, 1 type reference");
	assert_text(m->report, REPORT_WANTED, "writable");
	assert_text(m->report, REPORT_AGAIN, "pagewarden run");
	assert_number(r, REQUEST_NUMBER, 9);
	assert_number(r, REQUEST_INDEX, 17);
	assert_number(r, REQUEST_OF, 32);
	assert_number(r, REQUEST_CALL, 3);
	assert_number(r, REQUEST_VCPU, 2);
	assert_text(r, REQUEST_OP, "mmu_update");
	assert_int_equal(cJSON_GetArraySize(get(r, REQUEST_OPERANDS)), 2);
}

static void the_entry_has_its_flags_by_name(void **state)
{
	const struct made *m = *state;
	const cJSON *e = get(m->report, REPORT_ENTRY);
	const cJSON *wrong = get(e, ENTRY_NOT_ALLOWED);

	assert_number(e, ENTRY_LEVEL, 1);
	assert_text(e, ENTRY_TABLE, "0x6");
	assert_text(e, ENTRY_ASKED_TABLE, "0x9");
	assert_text(e, ENTRY_VALUE, "0x4101b");
	assert_int_equal(cJSON_GetArraySize(get(e, ENTRY_FLAGS)), 4);
	assert_int_equal(cJSON_GetArraySize(wrong), 2);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(wrong, 0)),
			    "PWT");
	assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(wrong, 1)),
			    "PCD");
	assert_int_equal(cJSON_GetArraySize(get(e, ENTRY_OLD_FLAGS)), 2);
}

static void holders_and_makers_are_there(void **state)
{
	const struct made *m = *state;
	const cJSON *h = get(m->report, REPORT_HELD_BY);
	const cJSON *first = cJSON_GetArrayItem(get(h, HOLDING_ENTRIES), 0);
	const cJSON *made = get(first, HOLDER_MADE_BY);

	assert_true(cJSON_IsTrue(get(h, HOLDING_KNOWN)));
	assert_true(cJSON_IsTrue(get(h, HOLDING_PINNED)));
	assert_number(h, HOLDING_READ_ONLY, 3);
	assert_number(h, HOLDING_MORE, 2);
	assert_number(h, HOLDING_MORE_USES, 4);
	assert_text(first, HOLDER_VA, "0xffff888000041000");
	assert_number(get(made, MAKER_REQUEST), REQUEST_NUMBER, 5);
	assert_text(made, MAKER_WHAT, "mapped read-only");
	assert_number(get(get(h, HOLDING_TYPED_BY), MAKER_REQUEST),
		      REQUEST_NUMBER, 4);
	assert_number(cJSON_GetArrayItem(get(h, HOLDING_USES), 0),
		      WHY_USE_ENTRIES, 1);
}

static void history_and_hints_are_there(void **state)
{
	const struct made *m = *state;
	const cJSON *past = get(m->report, REPORT_HISTORY);

	assert_int_equal(cJSON_GetArraySize(past), 2);
	assert_text(cJSON_GetArrayItem(past, 0), PAST_WHAT, "became a table");
	assert_number(cJSON_GetArrayItem(past, 1), PAST_SLOT, 7);
	assert_text(m->report, REPORT_ACCEPTED_IF,
		    "the entry were without PWT PCD");
	assert_true(cJSON_IsArray(get(m->report, REPORT_HINTS)));
}

/* Without entries, history or kernel there is less, and nothing false. */
static void what_is_not_known_is_left_out(void **state)
{
	struct made *m = *state;
	const struct why_case c = {.event = m->event};
	cJSON *r = why_case_json(&c);
	const cJSON *h = get(r, REPORT_HELD_BY);

	assert_false(cJSON_IsTrue(get(h, HOLDING_KNOWN)));
	assert_false(cJSON_HasObjectItem(r, REPORT_HISTORY));
	assert_false(cJSON_HasObjectItem(r, REPORT_AGAIN));
	assert_false(cJSON_HasObjectItem(h, HOLDING_TYPED_BY));
	assert_int_equal(cJSON_GetArraySize(get(r, REPORT_CALLERS)), 0);
	cJSON_Delete(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_request_is_decoded),
		cmocka_unit_test(the_entry_has_its_flags_by_name),
		cmocka_unit_test(holders_and_makers_are_there),
		cmocka_unit_test(history_and_hints_are_there),
		cmocka_unit_test(what_is_not_known_is_left_out),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
