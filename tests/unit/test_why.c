/* SPDX-License-Identifier: MIT */
/*
 * Who holds a frame, and the report of a refusal, from what a machine's memory
 * and an event say; and that neither believes what cannot be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/why/holders.h"
#include "cli/why/report.h"
#include "tests/unit/support/machine.h"

static struct why_machine view(const struct machine *m)
{
	return (struct why_machine){
		.ram = m->mmu.ram,
		.size = MACHINE_FRAMES * PAGE_SIZE,
		.below_4g = MACHINE_FRAMES * PAGE_SIZE,
		.frames = m->frames,
		.nr_frames = MACHINE_FRAMES,
		.m2p = m->m2p,
		.tag = TEST_TAG,
	};
}

static void a_mapping_is_found_with_its_address(void **state)
{
	struct machine *m = *state;
	struct why_machine w = view(m);
	struct holders h;

	holders_find(&w, dom_frame(DATA_FRAME + 2).v, &h);
	assert_int_equal(h.writable, 1);
	assert_int_equal(h.read_only, 0);
	assert_int_equal(h.nr, 1);
	assert_true(h.list[0].reached);
	assert_int_equal(h.list[0].va, 2 * PAGE_SIZE);
	assert_int_equal(h.list[0].table, dom_frame(L1_FRAME).v);
	assert_int_equal(h.list[0].root, dom_frame(L4_FRAME).v);
	/* The L4 itself: seen read-only, and pinned. */
	holders_find(&w, dom_frame(L4_FRAME).v, &h);
	assert_int_equal(h.read_only, 1);
	assert_true(h.pinned);
	/* The L1: a read-only mapping, and the L2's entry. */
	holders_find(&w, dom_frame(L1_FRAME).v, &h);
	assert_int_equal(h.upper, 1);
	assert_int_equal(h.read_only, 1);
}

static void a_table_that_is_not_hooked_has_no_address(void **state)
{
	struct machine *m = *state;
	struct why_machine w = view(m);
	char text[512];
	struct text t = text_in(text, sizeof(text));
	struct holders h;

	raw_entry(m, dom_frame(40), 7, pte_make(dom_frame(41), RW_FLAGS));
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L1_TABLE, dom_frame(40).v,
				     0),
			 0);
	holders_find(&w, dom_frame(41).v, &h);
	assert_int_equal(h.writable, 1);
	assert_false(h.list[0].reached);
	holders_tell_count(&t, &h, 0);
	holder_tell(&t, &h.list[0]);
	assert_non_null(strstr(text, "1 writable mapping"));
	assert_non_null(strstr(text, "L1 mfn 38[007]"));
	assert_non_null(strstr(text, "(table not hooked)"));
}

/* A pinned table that the domain has given back is not its any more. */
static void what_was_given_back_is_known(void **state)
{
	struct machine *m = *state;
	struct why_machine w = view(m);
	struct holders h;

	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L1_TABLE, dom_frame(40).v,
				     0),
			 0);
	holders_find(&w, dom_frame(40).v, &h);
	assert_true(h.pinned);
	assert_false(h.given_back);
	m->frames[dom_frame(40).v].flags &= (uint8_t)~FRAME_ALLOCATED;
	holders_find(&w, dom_frame(40).v, &h);
	assert_true(h.given_back);
	m->frames[dom_frame(40).v].flags |= FRAME_ALLOCATED;
}

/* Every kind of event is a line of the history, in its order. */
static void a_history_shows_all_kinds(void **state)
{
	static const char *const kinds[] = {
		"given to the domain",
		"mapped writable",
		"unmapped",
		"mapped read-only",
		"became a table",
		"pinned",
		"put below a table",
		"no longer below a table",
		"unpinned",
		"taken down",
		"freed",
	};
	char text[4096];
	struct text t = text_in(text, sizeof(text));
	cJSON *events = cJSON_CreateArray();
	struct why_case c = {
		.event = cJSON_Parse("{\"rule\":\"NOT_OWNED\",\"mfn\":"
				     "\"0x41\",\"request\":99}"),
		.history = events,
	};
	const char *at = text;

	(void)state;
	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		cJSON *e = cJSON_CreateObject();

		(void)cJSON_AddNumberToObject(e, "request", i + 1);
		(void)cJSON_AddStringToObject(e, "what", kinds[i]);
		(void)cJSON_AddItemToArray(events, e);
	}
	why_case_tell(&t, &c);
	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char line[64];

		(void)snprintf(line, sizeof(line), "#%u ?[0]: %s\n", i + 1,
			       kinds[i]);
		at = strstr(at, line);
		if (at == NULL) {
			fail_msg("no \"%s\" in:\n%s", line, text);
		}
	}
	assert_non_null(strstr(at, "#99 refused"));
	cJSON_Delete((cJSON *)(uintptr_t)c.event);
	cJSON_Delete(events);
}

/* The first eight are told, writable ones before others, and how many more. */
static void many_holders_are_counted(void **state)
{
	struct machine *m = *state;
	struct why_machine w = view(m);
	char text[2048];
	struct text t = text_in(text, sizeof(text));
	struct holders h;

	for (unsigned int i = 0; i < 12; i++) {
		raw_entry(m, dom_frame(40), i,
			  pte_make(dom_frame(41),
				   i < 10 ? RO_FLAGS : RW_FLAGS));
	}
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L1_TABLE, dom_frame(40).v,
				     0),
			 0);
	holders_find(&w, dom_frame(41).v, &h);
	assert_int_equal(h.writable, 2);
	assert_int_equal(h.read_only, 10);
	assert_int_equal(h.nr, HOLDERS_KEPT);
	assert_true(pte_writable(h.list[0].entry));
	holders_tell_more(&t, &h);
	assert_non_null(strstr(text, "and 4 more"));
}

static void memory_that_lies_is_not_followed(void **state)
{
	struct machine *m = *state;
	struct why_machine w = view(m);
	struct holders h;

	holders_find(&w, MACHINE_FRAMES, &h);
	assert_int_equal(h.nr, 0);
	holders_find(&w, UINT64_MAX, &h);
	assert_int_equal(h.nr, 0);
	assert_null(why_at(&w, w.size - 8, 9));
	assert_null(why_at(&w, UINT64_MAX - 4, 8));
	assert_null(why_at(&w, w.size, UINT64_MAX));
	assert_false(why_machine_locate(&w, 0, UINT64_MAX / 16, 0, 1));
	assert_false(why_machine_locate(&w, w.size, 16, 0, 1));
	assert_false(why_machine_locate(&w, 0, 0, 0, 1));
}

static void memory_above_4_gib_begins_after_the_hole(void **state)
{
	static uint8_t ram[64];
	struct why_machine w = {.ram = ram, .size = 64, .below_4g = 32};

	(void)state;
	assert_ptr_equal(why_at(&w, 8, 8), ram + 8);
	assert_null(why_at(&w, 32, 1));
	assert_ptr_equal(why_at(&w, UINT64_C(1) << 32, 32), ram + 32);
	assert_null(why_at(&w, UINT64_C(1) << 32, 33));
	assert_int_equal(why_below_4g(UINT64_C(1) << 30), UINT64_C(1) << 30);
	assert_int_equal(why_below_4g(UINT64_C(5) << 30), 0xc0000000);
}

static void a_report_says_what_the_event_says(void **state)
{
	static const char event[] =
		"{\"event\":\"refusal\",\"rule\":\"L1_FLAGS\",\"sentence\":"
		"\"the entry sets flags\",\"invariant\":\"I3\",\"op\":"
		"\"mmu_update\",\"index\":17,\"level\":1,\"entry\":"
		"\"0x1009b\",\"bits\":\"0x18\",\"old\":\"0x10003\","
		"\"where\":\"0x5008\",\"table\":\"0x5\",\"slot\":1,"
		"\"asked_table\":\"0x9\",\"operand0\":\"0x5008\","
		"\"request\":6164,\"call\":3,\"vcpu\":2,\"stack\":"
		"[\"0xffffffff81000000\",7],\"rip\":\"0x1\",\"serial\":1}";
	char text[1024];
	struct text t = text_in(text, sizeof(text));
	cJSON *e = cJSON_Parse(event);

	(void)state;
	assert_non_null(e);
	why_refusal(&t, e, NULL, NULL);
	cJSON_Delete(e);
	assert_non_null(strstr(text, "PAGEWARDEN L1_FLAGS: the entry sets"));
	assert_non_null(strstr(text, "L1 mfn 5[001] = 000000000001009b"));
	assert_non_null(strstr(text, "not allowed: PWT PCD"));
	assert_non_null(strstr(text, "instead of 0000000000010003 P RW"));
	assert_non_null(strstr(text, "met while validating mfn 9"));
	assert_non_null(strstr(text, "#6164, vcpu 2: mmu_update[17] 5008, "
				     "call 3 of its multicall"));
}

/* The holder's maker, found in the history by table and slot, the last one. */
static void a_case_names_makers_and_history(void **state)
{
	static const char event[] =
		"{\"rule\":\"BAD_TYPE\",\"mfn\":\"0x41\",\"request\":9,"
		"\"us\":412003,\"op\":\"mmuext_op pin_l1_table\","
		"\"index\":0,\"of\":1,\"vcpu\":0,\"stack\":[]}";
	static const char history[] =
		"[{\"request\":4,\"op\":\"mmu_update\",\"index\":0,"
		"\"of\":1,\"what\":\"mapped read-only\",\"level\":1,"
		"\"table\":\"0xb2\",\"slot\":247,"
		"\"entry\":\"0x41005\",\"stack\":[]},"
		"{\"request\":5,\"op\":\"mmu_update\",\"index\":17,"
		"\"of\":32,\"call\":1,\"what\":\"mapped writable\","
		"\"level\":1,\"table\":\"0xb2\",\"slot\":247,"
		"\"entry\":\"0x41007\",\"stack\":[]},"
		"{\"request\":6,\"op\":\"mmuext_op pin_l1_table\","
		"\"index\":2,\"what\":\"pinned\",\"stack\":[]},"
		"{\"request\":7,\"op\":\"domain start\",\"index\":0,"
		"\"what\":\"freed\",\"stack\":[]}]";
	const struct holders h = {
		.nr = 1,
		.writable = 1,
		.pinned = true,
		.list[0] = {.table = 0xb2,
			    .slot = 247,
			    .level = 1,
			    .entry = {0x41067}},
	};
	char text[2048];
	struct text t = text_in(text, sizeof(text));
	struct why_case c = {
		.event = cJSON_Parse(event),
		.holders = &h,
		.history = cJSON_Parse(history),
		.again = "pagewarden run --stop-at 9",
	};
	static const char *const wanted[] = {
		"#9 at 0.412003 s, vcpu 0: mmuext_op pin_l1_table[0]",
		"held by    1 writable mapping",
		"L1 mfn b2[0f7] = 0000000000041067",
		"made by #5 mmu_update[17 of 32] (call 1): mapped writable",
		"made by #6 mmuext_op pin_l1_table[2]: pinned",
		"#4 mmu_update[0]: mapped read-only, L1 mfn b2[0f7]",
		"#5 mmu_update[17 of 32] (call 1): mapped writable, L1 mfn",
		"#7 domain start[0]: freed",
		"#9 refused",
		"again      pagewarden run --stop-at 9",
	};
	const char *at = text;

	(void)state;
	why_case_tell(&t, &c);
	for (unsigned int i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		at = strstr(at, wanted[i]);
		if (at == NULL) {
			fail_msg("no \"%s\", or not there, in:\n%s", wanted[i],
				 text);
		}
	}
	cJSON_Delete((cJSON *)(uintptr_t)c.event);
	cJSON_Delete((cJSON *)(uintptr_t)c.history);
}

static void a_write_that_faulted_is_told_by_its_kind(void **state)
{
	static const char table[] =
		"{\"event\":\"table_write\",\"va\":\"0xffff888000005000\","
		"\"mfn\":\"0x41\",\"pfn\":\"0x5\",\"seen\":"
		"\"0x1c00000000000002\",\"table\":\"0xb2\",\"slot\":5,"
		"\"entry\":\"0x41005\",\"request\":9,\"us\":12,\"vcpu\":1,"
		"\"rip\":\"0x1\",\"stack\":[],\"nr\":1}";
	char text[1024];
	struct text t = text_in(text, sizeof(text));
	cJSON *e = cJSON_Parse(table);

	(void)state;
	why_refusal(&t, e, NULL, NULL);
	assert_non_null(strstr(text, "PAGEWARDEN TABLE_WRITTEN: the guest "
				     "writes to a page table: mfn 41 (pfn 5)"));
	assert_non_null(strstr(text, "L1 table, pinned, validated, 2 type"));
	assert_non_null(strstr(text, "ffff888000005000 L1 mfn b2[005] = "
				     "0000000000041005 P US"));
	assert_non_null(strstr(text, "at 0.000012 s, vcpu 1, after #9"));
	assert_true(cJSON_ReplaceItemInObject(
		e, "event", cJSON_CreateString("stale_translation")));
	t = text_in(text, sizeof(text));
	why_refusal(&t, e, NULL, NULL);
	cJSON_Delete(e);
	assert_non_null(strstr(text, "PAGEWARDEN STALE_TRANSLATION: the tables "
				     "allow what the CPU refused"));
}

/* Each kind of use is put in words, and those that are too many counted. */
static void uses_are_named(void **state)
{
	static const char event[] =
		"{\"rule\":\"BAD_TYPE\",\"mfn\":\"0x41\",\"uses\":["
		"{\"by\":\"kernel root\",\"vcpu\":1},"
		"{\"by\":\"LDT\",\"vcpu\":2,\"index\":3},"
		"{\"by\":\"another domain\",\"domain\":2,\"entries\":1,"
		"\"writable\":false},"
		"{\"by\":\"mapping of a grant\",\"handle\":4,\"index\":9,"
		"\"writable\":true},"
		"{\"by\":\"grant\",\"index\":9,\"domain\":7,\"writable\":"
		"true,\"active\":true},7],\"more_uses\":3}";
	static const char *const wanted[] = {
		"held by    (entries were not looked for), 9 other uses\n",
		" kernel root of vcpu 1\n",
		" LDT page 3 of vcpu 2\n",
		" another domain, domain 2, by 1 entry, read-only\n",
		" mapping of a grant, reference 9, handle 4, writable\n",
		" grant, reference 9, to domain 7, writable, in use\n",
		" and 3 more other uses\n",
	};
	char text[2048];
	struct text t = text_in(text, sizeof(text));
	cJSON *e = cJSON_Parse(event);
	const char *at = text;

	(void)state;
	why_refusal(&t, e, NULL, NULL);
	cJSON_Delete(e);
	for (unsigned int i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		at = strstr(at, wanted[i]);
		if (at == NULL) {
			fail_msg("no \"%s\", or not there, in:\n%s", wanted[i],
				 text);
		}
	}
}

/* Another domain's entry holds, too, and is reached from that one's root. */
static void another_domains_entry_is_found(void **state)
{
	struct machine *m = *state;
	struct why_machine w = view(m);
	const struct granted g = {
		.owner = &m->dom,
		.address = 30 * PAGE_SIZE,
		.writable = true,
		.frame = dom_frame(60),
	};
	char text[512];
	struct text t = text_in(text, sizeof(text));
	struct holders h;

	machine_second_domain(m);
	assert_int_equal(mmu_grant_map(&m->other_vcpu, &g), 0);
	holders_find(&w, dom_frame(60).v, &h);
	assert_int_equal(h.writable, 1);
	assert_true(h.list[0].other);
	assert_true(h.list[0].reached);
	assert_int_equal(h.list[0].va, g.address);
	assert_int_equal(h.list[0].root, m->other_vcpu.kernel_root.v);
	holder_tell(&t, &h.list[0]);
	assert_non_null(strstr(text, "(of another domain)"));
}

/* What is said must be so: each hint from facts, and none without them. */
/* Nothing is there, or of another kind: the report has less to say. */
static void a_report_of_nothing_is_short(void **state)
{
	char text[256];
	struct text t = text_in(text, sizeof(text));
	cJSON *e = cJSON_Parse("{\"rule\":7,\"entry\":[],\"stack\":{}}");

	(void)state;
	why_refusal(&t, e, NULL, NULL);
	cJSON_Delete(e);
	assert_non_null(strstr(text, "PAGEWARDEN ?: ?"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_mapping_is_found_with_its_address, space_set_up,
			machine_tear_down),
		cmocka_unit_test_setup_teardown(
			a_table_that_is_not_hooked_has_no_address, space_set_up,
			machine_tear_down),
		cmocka_unit_test_setup_teardown(many_holders_are_counted,
						space_set_up,
						machine_tear_down),
		cmocka_unit_test_setup_teardown(
			memory_that_lies_is_not_followed, space_set_up,
			machine_tear_down),
		cmocka_unit_test(memory_above_4_gib_begins_after_the_hole),
		cmocka_unit_test(a_report_says_what_the_event_says),
		cmocka_unit_test(a_case_names_makers_and_history),
		cmocka_unit_test(a_write_that_faulted_is_told_by_its_kind),
		cmocka_unit_test(a_history_shows_all_kinds),
		cmocka_unit_test_setup_teardown(what_was_given_back_is_known,
						space_set_up,
						machine_tear_down),
		cmocka_unit_test(uses_are_named),
		cmocka_unit_test_setup_teardown(another_domains_entry_is_found,
						space_set_up,
						machine_tear_down),
		cmocka_unit_test(a_report_of_nothing_is_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
