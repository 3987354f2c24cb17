/* SPDX-License-Identifier: MIT */
/*
 * From the control channel's bytes to the report: lines cut anywhere, hostile
 * lines, exit statuses, the table and the JSON document.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/machine_report.h"
#include "cli/monitor.h"
#include "cli/summary.h"

#define SUMMARY                                                         \
	"{\"event\":\"summary\",\"hypercalls\":["                       \
	"{\"name\":\"iret\",\"calls\":5,\"refused\":0},"                \
	"{\"name\":\"mmu_update\",\"calls\":200034,\"refused\":3}],"    \
	"\"pte_writes\":812,\"ptwr\":12,"                               \
	"\"tlb_flushes\":{\"all\":31,\"one\":47,"                       \
	"\"causes\":{\"retyped\":19,\"root\":12}},"                     \
	"\"peak\":{\"l1\":101,\"l2\":22,\"l3\":13,\"l4\":4,\"desc\":1," \
	"\"writable\":26},\"audit\":{\"runs\":2,\"differences\":0},"    \
	"\"traps\":{\"page_fault\":77,\"debug\":0},"                    \
	"\"instructions\":123456789,\"refused_total\":3}\n"
#define BOOT "{\"event\":\"boot\",\"ram_kib\":1048576,\"cpu\":\"x\"}\n"

static void feed(struct monitor *m, const char *text)
{
	monitor_feed(m, text, strlen(text));
}

static struct run_report powered_off(const struct monitor *m)
{
	return (struct run_report){
		.result = RUN_POWERED_OFF,
		.monitor = m,
		.memory = UINT64_C(1) << 30,
		.seconds = 12.5,
		.kernel = "vmlinuz",
		.detail = "",
	};
}

/* The table's text; to be freed. */
static char *table(const struct run_report *r)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	summary_text(f, r);
	fclose(f);
	return text;
}

static cJSON *document(const struct run_report *r)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	cJSON *parsed;

	assert_non_null(f);
	assert_true(summary_json(f, r));
	fclose(f);
	parsed = cJSON_Parse(text);
	assert_non_null(parsed);
	free(text);
	return parsed;
}

static void assert_line(const char *text, const char *label, const char *value)
{
	const char *at = strstr(text, label);
	const char *end;

	if (at == NULL) {
		fail_msg("no '%s' in:\n%s", label, text);
		return;
	}
	end = strchr(at, '\n');
	at = strstr(at, value);
	if (at == NULL || at > end) {
		fail_msg("'%s' is not %s in:\n%s", label, value, text);
	}
}

static void lines_may_be_cut_anywhere(void **state)
{
	static const char stream[] = BOOT SUMMARY "\n\r\n" BOOT;

	(void)state;
	for (size_t piece = 1; piece < 40; piece++) {
		struct monitor m;

		assert_true(monitor_init(&m));
		for (size_t at = 0; at < sizeof(stream) - 1; at += piece) {
			size_t left = sizeof(stream) - 1 - at;

			monitor_feed(&m, stream + at,
				     left < piece ? left : piece);
		}
		assert_int_equal(m.nr_bad_lines, 0);
		assert_int_equal(monitor_number(m.boot, "ram_kib", 0), 1048576);
		assert_int_equal(monitor_number(m.summary, "pte_writes", 0),
				 812);
		monitor_fini(&m);
	}
}

static void lines_that_are_no_events_are_counted(void **state)
{
	static const char *const rows[] = {
		"garbage\n",
		"{\n",
		"[1,2]\n",
		"{\"no\":\"event\"}\n",
		"{\"event\":5}\n",
		"{\"event\":\"\"}\n",
		"{\"event\":\"boot\"} trailing {\n\xff\xfe\n",
	};
	uint64_t bad = 0;
	struct monitor m;

	(void)state;
	assert_true(monitor_init(&m));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		feed(&m, rows[i]);
		assert_true(m.nr_bad_lines > bad);
		bad = m.nr_bad_lines;
	}
	feed(&m, "{\"event\":\"of a later version\"}\n");
	assert_int_equal(m.nr_bad_lines, bad);
	monitor_fini(&m);
}

static void an_endless_line_is_dropped_and_the_next_one_read(void **state)
{
	struct monitor m;

	(void)state;
	assert_true(monitor_init(&m));
	feed(&m, "{\"event\":\"boot\",\"cpu\":\"");
	for (unsigned int i = 0; i < 3 * MONITOR_LINE_SIZE; i++) {
		monitor_feed(&m, "x", 1);
	}
	feed(&m, "\"}\n" SUMMARY);
	assert_null(m.boot);
	assert_non_null(m.summary);
	assert_int_equal(m.nr_bad_lines, 1);
	monitor_fini(&m);
}

static void a_deep_line_is_refused(void **state)
{
	struct monitor m;

	(void)state;
	assert_true(monitor_init(&m));
	feed(&m, "{\"event\":\"crash\",\"x\":");
	for (unsigned int i = 0; i < 20000; i++) {
		feed(&m, "[");
	}
	feed(&m, "\n");
	assert_null(m.crash);
	assert_int_equal(m.nr_bad_lines, 1);
	monitor_fini(&m);
}

static void refusals_are_kept_up_to_a_number_and_counted(void **state)
{
	struct monitor m;

	(void)state;
	assert_true(monitor_init(&m));
	for (unsigned int i = 0; i < MONITOR_MAX_REFUSALS + 10; i++) {
		feed(&m, "{\"event\":\"refusal\",\"rule\":\"R\"}\n");
	}
	assert_int_equal(m.nr_refusals, MONITOR_MAX_REFUSALS + 10);
	assert_int_equal(cJSON_GetArraySize(m.refusals), MONITOR_MAX_REFUSALS);
	monitor_fini(&m);
}

static void numbers_that_are_none_are_not_taken(void **state)
{
	static const struct {
		const char *line;
		uint64_t number;
	} rows[] = {
		{"{\"event\":\"boot\",\"n\":0}\n", 0},
		{"{\"event\":\"boot\",\"n\":9007199254740992}\n",
		 UINT64_C(9007199254740992)},
		{"{\"event\":\"boot\",\"n\":-1}\n", 99},
		{"{\"event\":\"boot\",\"n\":1e300}\n", 99},
		{"{\"event\":\"boot\",\"n\":\"5\"}\n", 99},
		{"{\"event\":\"boot\",\"n\":null}\n", 99},
		{"{\"event\":\"boot\"}\n", 99},
	};
	struct monitor m;

	(void)state;
	assert_true(monitor_init(&m));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		feed(&m, rows[i].line);
		assert_int_equal(monitor_number(m.boot, "n", 99),
				 rows[i].number);
	}
	monitor_fini(&m);
}

static void crash_reasons_are_found_and_made_printable(void **state)
{
	static const struct {
		const char *lines;
		const char *reason;
	} rows[] = {
		{"", "the hypervisor gave no reason"},
		{"{\"event\":\"crash\",\"reason\":\"no failsafe\"}\n",
		 "no failsafe"},
		{"{\"event\":\"crash\",\"reason\":\"a\\u001b[2Jb\\nc\"}\n",
		 "a?[2Jb?c"},
		{"{\"event\":\"shutdown\",\"reason\":\"crash\"}\n",
		 "the guest asked for it (SHUTDOWN_crash)"},
		{"{\"event\":\"crash\"}\n"
		 "{\"event\":\"shutdown\",\"reason\":\"watchdog\"}\n",
		 "watchdog"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct monitor m;
		struct run_report r = powered_off(&m);
		char verdict[128];
		char expected[128];

		assert_true(monitor_init(&m));
		feed(&m, rows[i].lines);
		r.result = RUN_CRASHED;
		report_verdict(&r, verdict, sizeof(verdict));
		snprintf(expected, sizeof(expected), "guest crashed: %s",
			 rows[i].reason);
		assert_string_equal(verdict, expected);
		monitor_fini(&m);
	}
}

static void the_status_tells_whose_fault_it_was(void **state)
{
	static const char bad_audit[] =
		"{\"event\":\"audit\",\"differences\":2,\"when\":\"exit\"}\n";
	static const char bad_summary[] =
		"{\"event\":\"summary\",\"audit\":{\"differences\":1}}\n";
	static const char odd_audit[] = "{\"event\":\"audit\"}\n";
	static const struct {
		enum run_result result;
		enum exit_status status;
		const char *expect;
		const char *lines;
		bool seen;
	} rows[] = {
		{RUN_POWERED_OFF, STATUS_OK, NULL, "", false},
		{RUN_POWERED_OFF, STATUS_OK, "up", SUMMARY, true},
		{RUN_POWERED_OFF, STATUS_GUEST, "up", "", false},
		{RUN_POWERED_OFF, STATUS_OURS, NULL, bad_audit, false},
		{RUN_POWERED_OFF, STATUS_OURS, NULL, bad_summary, false},
		{RUN_POWERED_OFF, STATUS_OURS, NULL, odd_audit, false},
		{RUN_REBOOTED, STATUS_GUEST, NULL, "", false},
		{RUN_CRASHED, STATUS_GUEST, NULL, "", false},
		{RUN_CRASHED, STATUS_GUEST, "up", "", true},
		{RUN_CRASHED, STATUS_OURS, NULL, bad_audit, false},
		{RUN_TIMED_OUT, STATUS_GUEST, "up", "", true},
		{RUN_QUIT, STATUS_GUEST, NULL, "", false},
		{RUN_HV_FAILED, STATUS_OURS, "up", "", true},
		{RUN_QEMU_FAILED, STATUS_OURS, NULL, "", false},
		{RUN_OUTPUT_FAILED, STATUS_OURS, NULL, "", false},
		{RUN_BAD_CPU, STATUS_USAGE, NULL, "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct monitor m;
		struct run_report r = powered_off(&m);

		assert_true(monitor_init(&m));
		feed(&m, rows[i].lines);
		r.result = rows[i].result;
		r.expect = rows[i].expect;
		r.expect_seen = rows[i].seen;
		assert_int_equal(report_status(&r), rows[i].status);
		monitor_fini(&m);
	}
}

/* An audit that did not run has found nothing: neither faults nor none. */
static void no_result_is_told_that_was_not_obtained(void **state)
{
	struct monitor m;
	struct run_report r = powered_off(&m);
	cJSON *d;

	(void)state;
	assert_true(monitor_init(&m));
	r.audit = true;
	assert_int_equal(report_status(&r), STATUS_OURS);
	r.result = RUN_TIMED_OUT;
	assert_int_equal(report_status(&r), STATUS_GUEST);
	d = document(&r);
	assert_null(cJSON_GetObjectItem(d, "audit_differences"));
	assert_null(cJSON_GetObjectItem(d, "nr_refusals"));
	assert_true(cJSON_IsFalse(cJSON_GetObjectItem(d, "audited")));
	cJSON_Delete(d);
	feed(&m, SUMMARY);
	r.result = RUN_POWERED_OFF;
	assert_int_equal(report_status(&r), STATUS_OK);
	r.result = RUN_HALTED;
	assert_int_equal(report_status(&r), STATUS_GUEST);
	monitor_fini(&m);
}

static void the_table_shows_every_count(void **state)
{
	struct monitor m;
	struct run_report r = powered_off(&m);
	char *text;

	(void)state;
	assert_true(monitor_init(&m));
	feed(&m, SUMMARY);
	r.icount = true;
	text = table(&r);
	assert_line(text, "vmlinuz, 1024 MiB", "12.5 s");
	assert_line(text, "mmu_update", "200034          3");
	assert_line(text, "iret", "5          0");
	assert_line(text, "total", "200039          3");
	assert_true(strstr(text, "mmu_update") < strstr(text, "iret"));
	assert_line(text, "PTE writes", "812");
	assert_line(text, "direct", "12");
	assert_line(text, "TLB flushes, whole", "31");
	assert_line(text, "of them retyped", "19");
	assert_line(text, "of them root", "12");
	assert_line(text, "TLB flushes, one", "47");
	assert_line(text, "L1 tables", "101");
	assert_line(text, "L2 tables", "22");
	assert_line(text, "L3 tables", "13");
	assert_line(text, "L4 tables", "4");
	assert_line(text, "descriptors", "1");
	assert_line(text, "writable", "26");
	assert_line(text, "page_fault", "77");
	assert_null(strstr(text, "debug"));
	assert_line(text, "instructions", "123456789");
	assert_line(text, "audit", "0 differences in 2 runs");
	free(text);
	monitor_fini(&m);
}

static void instructions_are_shown_only_when_counted(void **state)
{
	struct monitor m;
	struct run_report r = powered_off(&m);
	char *text;

	(void)state;
	assert_true(monitor_init(&m));
	feed(&m, SUMMARY);
	text = table(&r);
	assert_null(strstr(text, "instructions"));
	free(text);
	monitor_fini(&m);
}

/* What was not told must not look like a zero. */
static void what_is_unknown_is_left_out(void **state)
{
	struct monitor m;
	struct run_report r = powered_off(&m);
	char *text;

	(void)state;
	assert_true(monitor_init(&m));
	text = table(&r);
	assert_non_null(strstr(text, "no counts"));
	free(text);
	feed(&m,
	     "{\"event\":\"summary\",\"hypercalls\":7,\"peak\":[],"
	     "\"traps\":\"x\",\"tlb_flushes\":{\"all\":\"many\",\"causes\":[1]}}\n");
	text = table(&r);
	assert_null(strstr(text, "PTE writes"));
	assert_null(strstr(text, "TLB"));
	assert_null(strstr(text, "tables"));
	assert_null(strstr(text, "hypercall"));
	assert_line(text, "audit", "not run");
	free(text);
	monitor_fini(&m);
}

static void the_document_holds_everything(void **state)
{
	struct monitor m;
	struct run_report r = powered_off(&m);
	cJSON *d;

	(void)state;
	assert_true(monitor_init(&m));
	feed(&m, BOOT SUMMARY "{\"event\":\"refusal\",\"rule\":\"R\"}\n"
			      "{\"event\":\"lost\",\"reports\":7}\n");
	r.expect = "up \"quoted\"\n";
	r.expect_seen = true;
	d = document(&r);
	assert_string_equal(monitor_text(d, "result", ""), "poweroff");
	assert_string_equal(monitor_text(d, "verdict", ""),
			    "guest powered off");
	assert_string_equal(monitor_text(d, "expect", ""), r.expect);
	assert_int_equal(monitor_number(d, "status", 9), 0);
	assert_int_equal(monitor_number(d, "memory_mib", 0), 1024);
	/* One was told in full; the hypervisor counted three. */
	assert_int_equal(monitor_number(d, "nr_refusals", 0), 3);
	assert_int_equal(monitor_number(d, "lost_reports", 9), 7);
	assert_int_equal(monitor_number(d, "audit_differences", 9), 0);
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(d, "expect_seen")));
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(d, "refusals")),
			 1);
	assert_int_equal(monitor_number(cJSON_GetObjectItem(d, "summary"),
					"pte_writes", 0),
			 812);
	assert_int_equal(monitor_number(cJSON_GetObjectItem(d, "boot"),
					"ram_kib", 0),
			 1048576);
	assert_null(cJSON_GetObjectItem(d, "crash"));
	cJSON_Delete(d);
	monitor_fini(&m);
}

/* Events carry their domain's number; each life has its own account. */
static void several_domains_are_told_apart(void **state)
{
	static const char lines[] =
		"{\"event\":\"boot\",\"ram_kib\":1}\n"
		"{\"event\":\"guest-start\",\"domain\":1,\"name\":\"a\"}\n"
		"{\"event\":\"guest-start\",\"domain\":2,\"name\":\"b\"}\n"
		"{\"event\":\"refusal\",\"domain\":2}\n"
		"{\"event\":\"shutdown\",\"domain\":2,\"reason\":\"reboot\"}\n"
		"{\"event\":\"guest-start\",\"domain\":3,\"name\":\"b\"}\n"
		"{\"event\":\"shutdown\",\"domain\":1,\"reason\":\"poweroff\"}\n"
		"{\"event\":\"crash\",\"domain\":3,\"reason\":\"why\"}\n"
		"{\"event\":\"shutdown\",\"domain\":3,\"reason\":\"crash\"}\n";
	struct run_report lives[3];
	struct monitor m;
	struct run_report whole = powered_off(&m);
	const struct machine_report report = {&whole, lives, 3};
	const struct monitor *life = &m;
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	cJSON *d;

	(void)state;
	assert_true(monitor_init(&m));
	feed(&m, lines);
	whole.audit = false;
	for (unsigned int i = 0; i < 3; i++, life = life->next) {
		assert_non_null(life);
		lives[i] = whole;
		lives[i].monitor = life;
		lives[i].result = report_result(life, RUN_TIMED_OUT);
	}
	assert_null(life);
	assert_int_equal(m.nr_refusals, 0);
	assert_int_equal(m.next->nr_refusals, 1);
	assert_int_equal(lives[0].result, RUN_POWERED_OFF);
	assert_int_equal(lives[1].result, RUN_REBOOTED);
	assert_int_equal(lives[2].result, RUN_CRASHED);
	assert_false(monitor_lives_on(&m));
	assert_true(monitor_lives_on(m.next));
	assert_int_equal(machine_status(&report), STATUS_GUEST);
	assert_true(machine_json(to, &report));
	fclose(to);
	d = cJSON_Parse(text);
	assert_int_equal(cJSON_GetObjectItem(d, "status")->valueint, 1);
	assert_string_equal(cJSON_GetObjectItem(d, "verdict")->valuestring,
			    "b: guest crashed: why");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(d, "domains")),
			 3);
	cJSON_Delete(d);
	free(text);
	/* Without the last life all is well: a reboot was carried out. */
	lives[2].result = RUN_POWERED_OFF;
	assert_int_equal(machine_status(&report), STATUS_OK);
	lives[0].result = RUN_TIMED_OUT;
	assert_int_equal(machine_status(&report), STATUS_GUEST);
	monitor_fini(&m);
}

static void without_counts_nobody_says_that_nothing_was_refused(void **state)
{
	static const enum run_result results[] = {RUN_POWERED_OFF, RUN_SEEN};
	struct monitor m;
	char line[128];

	(void)state;
	assert_true(monitor_init(&m));
	for (size_t i = 0; i < 2; i++) {
		struct run_report r = powered_off(&m);

		r.audit = false;
		r.result = results[i];
		assert_int_equal(report_status(&r), STATUS_OK);
		r.strict = true;
		assert_int_equal(report_status(&r), STATUS_OURS);
		report_verdict(&r, line, sizeof(line));
		assert_non_null(strstr(line, "was not told"));
	}
	monitor_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_may_be_cut_anywhere),
		cmocka_unit_test(lines_that_are_no_events_are_counted),
		cmocka_unit_test(
			an_endless_line_is_dropped_and_the_next_one_read),
		cmocka_unit_test(a_deep_line_is_refused),
		cmocka_unit_test(refusals_are_kept_up_to_a_number_and_counted),
		cmocka_unit_test(numbers_that_are_none_are_not_taken),
		cmocka_unit_test(crash_reasons_are_found_and_made_printable),
		cmocka_unit_test(the_status_tells_whose_fault_it_was),
		cmocka_unit_test(no_result_is_told_that_was_not_obtained),
		cmocka_unit_test(the_table_shows_every_count),
		cmocka_unit_test(instructions_are_shown_only_when_counted),
		cmocka_unit_test(what_is_unknown_is_left_out),
		cmocka_unit_test(the_document_holds_everything),
		cmocka_unit_test(several_domains_are_told_apart),
		cmocka_unit_test(
			without_counts_nobody_says_that_nothing_was_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
