/* SPDX-License-Identifier: MIT */
/*
 * Recordings of a 32-bit domain, written here by hand: its width stands in the
 * stream, and the replay, the model, the shrinker and the lister know it from
 * there. A domain starts on an L3 with the two L2s that it must have, and then
 * asks for what is of other bytes than a 64-bit domain's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/trace_text.h"
#include "sim/sim.h"
#include "tests/unit/support/stream.h"
#include "trace/file/crc.h"
#include "trace/file/request.h"
#include "trace/replay/replay.h"
#include "trace/shrink/loose.h"
#include "trace/shrink/shrink.h"

enum { L3 = 16, L2, LAST_L2, L1, DATA, OTHER_L1, GDT, SPARE = 28 };
#define ENTRY (PTE_P | PTE_US | PTE_A)
#define ENTRY_RW (ENTRY | PTE_RW)
#define AT UINT64_C(0xc0010000)
#define WIDTH (TRACE_PAE | TRACE_NARROW)
/* A machine that has frames beyond 4 GiB, and its domain there. */
#define HIGH (UINT64_C(1) << 20)

static struct stream *new_stream(void)
{
	return calloc(1, sizeof(struct stream));
}

static void table(struct stream *s, unsigned int type, uint64_t f,
		  uint64_t bits, const uint64_t *entries)
{
	unsigned int nr = (unsigned int)__builtin_popcountll(bits);
	uint64_t words[1 + TRACE_BITMAP_WORDS + 8] = {f, bits};

	for (unsigned int i = 0; i < nr; i++) {
		words[1 + TRACE_BITMAP_WORDS + i] = entries[i];
	}
	stream_put(s, TRACE_TABLE, 0, type, words, 1 + TRACE_BITMAP_WORDS + nr);
}

static void begin(struct stream *s, unsigned int op, const uint64_t *operand)
{
	uint64_t words[TRACE_BEGIN_WORDS + TRACE_OPERANDS_MAX] = {0};
	unsigned int nr = operand != NULL ? operation_info[op].nr_words : 0;

	for (unsigned int i = 0; i < nr; i++) {
		words[TRACE_BEGIN_WORDS + i] = operand[i];
	}
	stream_put(s, TRACE_BEGIN, 0, op, words, TRACE_BEGIN_WORDS + nr);
}

static uint64_t entry(uint64_t f, uint64_t flags)
{
	return f << PAGE_SHIFT | flags;
}

/* 4-byte words that were copied. */
static void copied(struct stream *s, enum trace_kind kind, const uint32_t *w,
		   unsigned int nr)
{
	uint64_t words[8] = {0};

	memcpy(words, w, nr * sizeof(*w));
	stream_put(s, kind, 0, nr * 4, words, (nr + 1) / 2);
}

/* Frames of the tables and others, from that one on. */
static void start(struct stream *s, uint64_t base, int64_t result)
{
	const uint64_t roots[] = {entry(base + L2, PTE_P),
				  entry(base + LAST_L2, PTE_P)};
	const uint64_t up = entry(base + L1, ENTRY_RW);
	const uint64_t page = entry(base + DATA, ENTRY_RW);

	stream_put(s, TRACE_OWN, TRACE_NO_VCPU, 0, (uint64_t[]){0, 16}, 2);
	stream_put(s, TRACE_ASSIGN, TRACE_NO_VCPU, 0,
		   (uint64_t[]){base + 16, 0, 16}, 3);
	begin(s, MMU_OP_START, (uint64_t[]){base + L3});
	table(s, FRAME_L3, base + L3, 9, roots);
	if (result == 0) {
		table(s, FRAME_L2, base + L2, 1, &up);
		table(s, FRAME_L1, base + L1, 1, &page);
		table(s, FRAME_L2_XEN, base + LAST_L2, 0, NULL);
	} else {
		stream_put(s, TRACE_REFUSED, 0, RULE_PAE_ROOT,
			   (uint64_t[]){base + L3, 0}, 2);
	}
	stream_result(s, result);
}

static void mmuext(struct stream *s, uint32_t cmd, uint32_t arg1, uint32_t arg2)
{
	begin(s, MMU_OP_MMUEXT, (uint64_t[]){AT, 1, 0, DOMID_SELF});
	copied(s, TRACE_COPIED_IN, (uint32_t[]){cmd, arg1, arg2}, 3);
}

static void pin(struct stream *s)
{
	mmuext(s, MMUEXT_PIN_L1_TABLE, OTHER_L1, 0);
	table(s, FRAME_L1, OTHER_L1, 0, NULL);
	stream_result(s, 0);
}

/* Two frames of descriptors, each of them copied by itself. */
static void set_gdt(struct stream *s)
{
	begin(s, MMU_OP_SET_GDT, (uint64_t[]){AT, 513});
	copied(s, TRACE_COPIED_IN, (uint32_t[]){GDT}, 1);
	copied(s, TRACE_COPIED_IN, (uint32_t[]){GDT + 1}, 1);
	table(s, FRAME_DESC, GDT, 0, NULL);
	table(s, FRAME_DESC, GDT + 1, 0, NULL);
	stream_result(s, 0);
}

static void give_away(struct stream *s, uint32_t domid, int64_t done)
{
	begin(s, MMU_OP_DECREASE_RESERVATION,
	      (uint64_t[]){XENMEM_decrease_reservation, AT});
	copied(s, TRACE_COPIED_IN, (uint32_t[]){(uint32_t)AT, 1, 0, 0, domid},
	       5);
	copied(s, TRACE_COPIED_IN, (uint32_t[]){SPARE}, 1);
	stream_result(s, done);
}

/* Where the M2P of 4-byte entries is, in one frame. */
static void ask_m2p(struct stream *s)
{
	begin(s, MMU_OP_MEMORY, (uint64_t[]){XENMEM_machphys_mfn_list, AT});
	copied(s, TRACE_COPIED_IN, (uint32_t[]){1, (uint32_t)AT, 0}, 3);
	copied(s, TRACE_COPIED_OUT, (uint32_t[]){3}, 1);
	copied(s, TRACE_COPIED_OUT, (uint32_t[]){1, (uint32_t)AT, 1}, 3);
	stream_result(s, 0);
}

/* add_to_physmap is another's alone to ask for. */
static void ask_physmap(struct stream *s)
{
	begin(s, MMU_OP_MEMORY, (uint64_t[]){XENMEM_add_to_physmap, AT});
	copied(s, TRACE_COPIED_IN,
	       (uint32_t[]){DOMID_SELF, XENMAPSPACE_shared_info, 0, 5}, 4);
	stream_put(s, TRACE_REFUSED, 0, RULE_PHYSMAP,
		   (uint64_t[]){INVALID_FRAME, 0}, 2);
	stream_result(s, -XEN_EACCES);
}

static void multicall_in_itself(struct stream *s)
{
	begin(s, MMU_OP_MULTICALL, NULL);
	stream_put(s, TRACE_REFUSED, 0, RULE_MULTICALL_NESTED,
		   (uint64_t[]){INVALID_FRAME, 0}, 2);
	stream_result(s, -XEN_EINVAL);
}

static struct trace read_it(const struct stream *s)
{
	char error[TRACE_ERROR_SIZE];
	struct trace t = {0};
	size_t size;
	uint8_t *bytes = stream_file(s, &size);

	if (!trace_read(&t, bytes, size, error)) {
		fail_msg("%s", error);
	}
	free(bytes);
	return t;
}

static struct replay_result run(struct stream *s, uint64_t oracle_every)
{
	struct trace t = read_it(s);
	struct replay *r = replay_new(&t);
	struct replay_result result;

	replay_run(r,
		   &(struct replay_options){.audit_every = 1,
					    .oracle_every = oracle_every},
		   &result);
	replay_free(r);
	trace_free(&t);
	return result;
}

static void its_requests_replay_and_the_model_agrees(void **state)
{
	struct stream *s = new_stream();
	struct replay_result r;

	(void)state;
	stream_begin_32(s, STREAM_FRAMES, WIDTH);
	start(s, 0, 0);
	pin(s);
	set_gdt(s);
	give_away(s, DOMID_SELF, 1);
	ask_m2p(s);
	r = run(s, 1);
	assert_string_equal(r.line, "");
	assert_false(r.differs);
	assert_int_equal(r.operations, 5);
	assert_int_equal(r.audits, 5);
	assert_int_equal(r.differences, 0);
	assert_int_equal(r.oracle.operations, 5);
	assert_false(r.oracle.lost);
	free(s);
}

static void its_refusals_are_the_recorded_ones(void **state)
{
	struct stream *s = new_stream();
	struct replay_result r;

	(void)state;
	stream_begin_32(s, STREAM_FRAMES, WIDTH);
	start(s, 0, 0);
	ask_physmap(s);
	r = run(s, 1);
	assert_string_equal(r.line, "");
	assert_int_equal(r.oracle.operations, 2);
	multicall_in_itself(s);
	r = run(s, 0);
	assert_string_equal(r.line, "");
	assert_int_equal(r.operations, 3);
	free(s);
}

static void a_list_beyond_its_addresses_is_none(void **state)
{
	const uint64_t beyond[] = {0xf5800000, 1, 0, DOMID_SELF};
	struct stream *s = new_stream();
	struct replay_result r;

	(void)state;
	stream_begin_32(s, STREAM_FRAMES, WIDTH);
	start(s, 0, 0);
	begin(s, MMU_OP_MMUEXT, beyond);
	stream_put(s, TRACE_REFUSED, 0, RULE_FAULT,
		   (uint64_t[]){INVALID_FRAME, 0}, 2);
	stream_result(s, -XEN_EFAULT);
	r = run(s, 1);
	assert_string_equal(r.line, "");
	assert_int_equal(r.oracle.operations, 2);
	free(s);
}

static void requests_of_another_width_are_a_difference(void **state)
{
	struct stream *s = new_stream();
	struct replay_result r;

	(void)state;
	stream_begin_32(s, STREAM_FRAMES, TRACE_PAE);
	start(s, 0, 0);
	pin(s);
	r = run(s, 0);
	assert_true(r.differs);
	assert_string_equal(r.line, "24 bytes are copied in here");
	free(s);
}

static void the_hypervisors_slots_are_the_recorded_ones(void **state)
{
	struct stream *s = new_stream();
	struct replay_result result;
	struct replay *r;
	struct trace t;

	(void)state;
	stream_begin_32(s, STREAM_FRAMES, WIDTH);
	start(s, 0, 0);
	t = read_it(s);
	r = replay_new(&t);
	replay_run(r, &(struct replay_options){0}, &result);
	assert_string_equal(result.line, "");
	assert_int_equal(
		frame_ptes(replay_machine(r), mfn(LAST_L2))[XEN_L2_FIRST].v,
		STREAM_SLOT);
	replay_free(r);
	trace_free(&t);
	free(s);
}

static void roots_lie_where_the_recording_says_they_may(void **state)
{
	struct stream *s = new_stream();
	struct replay_result r;

	(void)state;
	stream_begin_32(s, HIGH + 64, WIDTH);
	start(s, HIGH, -XEN_ERANGE);
	r = run(s, 0);
	assert_string_equal(r.line, "");
	stream_begin_32(s, HIGH + 64, WIDTH);
	stream_put(s, TRACE_EXTENDED_CR3, TRACE_NO_VCPU, 1, NULL, 0);
	start(s, HIGH, 0);
	r = run(s, 0);
	assert_string_equal(r.line, "");
	assert_int_equal(r.operations, 1);
	free(s);
}

static void frames_of_the_m2p_are_not_given_away(void **state)
{
	struct stream *s = new_stream();
	struct replay_result r;

	(void)state;
	for (uint64_t f = 2; f <= 3; f++) {
		char line[64];

		stream_begin_32(s, STREAM_FRAMES, WIDTH);
		stream_put(s, TRACE_ASSIGN, TRACE_NO_VCPU, 0,
			   (uint64_t[]){f, 0, 1}, 3);
		r = run(s, 0);
		assert_true(r.differs);
		snprintf(line, sizeof(line),
			 "frames from mfn %x on hold the M2P", (unsigned int)f);
		assert_string_equal(r.line, line);
	}
	free(s);
}

/* --- what a stream may have -------------------------------------------------
 */

static void assert_refused(const struct stream *s, const char *why)
{
	char error[TRACE_ERROR_SIZE] = "";

	assert_false(stream_good(s, error));
	if (strstr(error, why) == NULL) {
		fail_msg("%s, and not %s", error, why);
	}
}

static void a_width_must_be_one(void **state)
{
	static const uint64_t none[] = {TRACE_NARROW, 4 | TRACE_PAE};
	struct stream *s = new_stream();

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		stream_begin_32(s, STREAM_FRAMES, none[i]);
		assert_refused(s, "a domain of no width");
	}
	stream_begin(s);
	stream_put(s, TRACE_EXTENDED_CR3, TRACE_NO_VCPU, 1, none, 1);
	assert_refused(s, "the roots of no domain");
	free(s);
}

static void the_machine_is_told_once_and_before(void **state)
{
	uint64_t words[TRACE_MACHINE_32_WORDS] = {0};
	struct stream *s = new_stream();
	const uint64_t width = WIDTH;

	(void)state;
	stream_begin_32(s, STREAM_FRAMES, WIDTH);
	stream_put(s, TRACE_MACHINE_32, TRACE_NO_VCPU, 0, words,
		   TRACE_MACHINE_32_WORDS);
	assert_refused(s, "or a second one");
	stream_begin(s);
	stream_put(s, TRACE_MACHINE_32, TRACE_NO_VCPU, 0, words, 1);
	assert_refused(s, "no machine of 32 bits");
	stream_begin(s);
	words[0] = STREAM_FRAMES * PAGE_SIZE;
	stream_put(s, TRACE_MACHINE_32, TRACE_NO_VCPU, 0, words,
		   TRACE_MACHINE_32_WORDS);
	assert_refused(s, "beyond the machine");
	stream_begin(s);
	s->word[s->nr] = trace_head(TRACE_DOMAIN, TRACE_NO_VCPU, 2, 1, 8);
	s->word[s->nr + 1] = width;
	s->nr += 2;
	assert_refused(s, "a domain of no width");
	free(s);
}

/* The stream as a file that says it is of that version. */
static bool good_as(const struct stream *s, uint32_t version,
		    char error[TRACE_ERROR_SIZE])
{
	struct trace_file_header *h;
	struct trace t = {0};
	size_t size;
	uint8_t *bytes = stream_file(s, &size);
	bool good;

	h = (struct trace_file_header *)bytes;
	h->version = version;
	h->crc = crc_of(h, offsetof(struct trace_file_header, crc));
	good = trace_read(&t, bytes, size, error);
	if (good) {
		assert_int_equal(t.version, version);
		trace_free(&t);
	}
	free(bytes);
	return good;
}

static void older_recordings_are_read_and_have_no_width(void **state)
{
	struct stream *s = new_stream();
	char error[TRACE_ERROR_SIZE];

	(void)state;
	stream_begin(s);
	assert_true(good_as(s, 2, error));
	assert_true(good_as(s, 3, error));
	assert_false(good_as(s, 1, error));
	assert_string_equal(error, "offset 8: version 1, and only 2 to 3 are "
				   "read here");
	assert_false(good_as(s, 4, error));
	stream_begin_32(s, STREAM_FRAMES, WIDTH);
	assert_true(good_as(s, 3, error));
	assert_false(good_as(s, 2, error));
	assert_non_null(strstr(error, "in a version that has none"));
	free(s);
}

/* --- shown, and shrunk ------------------------------------------------------
 */

static void four_byte_words_are_shown_as_such(void **state)
{
	struct stream *s = new_stream();
	struct trace_record r;
	char line[8192] = "";
	struct trace t;
	uint64_t at = 0;

	(void)state;
	stream_begin_32(s, STREAM_FRAMES, WIDTH);
	start(s, 0, 0);
	pin(s);
	t = read_it(s);
	assert_true(trace_narrow(&t, STREAM_TAG));
	assert_false(trace_narrow(&t, STREAM_TAG + 1));
	while (trace_next(&t, &at, &r) && r.kind != TRACE_COPIED_IN) {
		struct text text = text_in(line, sizeof(line));

		if (r.kind == TRACE_DOMAIN) {
			trace_text(&text, &r);
			assert_string_equal(line, "d1 begins, domid 7, of 32 "
						  "bits");
		}
	}
	{
		struct text text = text_in(line, sizeof(line));

		trace_text(&text, &r);
	}
	assert_string_equal(line, "  in 0x0 0x15 0x0");
	assert_int_equal(trace_mmuext(&r).arg1.mfn, OTHER_L1);
	trace_free(&t);
	free(s);
}

#define NOISE 20

/* Pins come and go; then a page of the one that stays is wanted writable. */
static void write_story(struct stream *s)
{
	stream_begin_32(s, STREAM_FRAMES, WIDTH);
	start(s, 0, 0);
	for (unsigned int i = 0; i < NOISE; i++) {
		pin(s);
		mmuext(s, MMUEXT_UNPIN_TABLE, OTHER_L1, 0);
		stream_result(s, 0);
	}
	pin(s);
	begin(s, MMU_OP_MMU_UPDATE, (uint64_t[]){AT, 1, 0, DOMID_SELF});
	stream_put(s, TRACE_COPIED_IN, 0, 16,
		   (uint64_t[]){(L1 << PAGE_SHIFT) + 64,
				entry(OTHER_L1, ENTRY_RW)},
		   2);
	stream_put(s, TRACE_REFUSED, 0, RULE_NOT_WRITABLE,
		   (uint64_t[]){OTHER_L1, 0}, 2);
	stream_result(s, -rule_info[RULE_NOT_WRITABLE].err);
}

static void a_refusal_shrinks_to_what_it_takes(void **state)
{
	struct shrink_wish w = {.rule = UINT16_MAX};
	struct stream *s = new_stream();
	char path[] = "/tmp/test_trace.XXXXXX";
	struct shrink_counts counts;
	char error[TRACE_ERROR_SIZE];
	struct replay_result result;
	struct trace_writer to;
	struct trace t, left = {0};
	struct replay *r;
	struct plan p;

	(void)state;
	write_story(s);
	assert_false(run(s, 1).differs);
	t = read_it(s);
	assert_true(plan_make(&p, &t, &w));
	assert_true(shrink(&p, &w, &counts));
	assert_int_equal(counts.steps_before, 1 + 2 * NOISE + 2);
	assert_int_equal(counts.steps, 3);
	close(mkstemp(path));
	assert_true(trace_writer_open(&to, path));
	assert_true(loose_record(&p, &w, &to));
	assert_true(trace_writer_close(&to));
	assert_true(trace_read_file(&left, path, error));
	unlink(path);
	assert_true(trace_narrow(&left, STREAM_TAG));
	r = replay_new(&left);
	replay_run(r,
		   &(struct replay_options){.audit_every = 1,
					    .oracle_every = 1},
		   &result);
	assert_string_equal(result.line, "");
	assert_int_equal(result.operations, 3);
	replay_free(r);
	trace_free(&left);
	plan_free(&p);
	trace_free(&t);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_requests_replay_and_the_model_agrees),
		cmocka_unit_test(its_refusals_are_the_recorded_ones),
		cmocka_unit_test(a_list_beyond_its_addresses_is_none),
		cmocka_unit_test(requests_of_another_width_are_a_difference),
		cmocka_unit_test(the_hypervisors_slots_are_the_recorded_ones),
		cmocka_unit_test(roots_lie_where_the_recording_says_they_may),
		cmocka_unit_test(frames_of_the_m2p_are_not_given_away),
		cmocka_unit_test(a_width_must_be_one),
		cmocka_unit_test(the_machine_is_told_once_and_before),
		cmocka_unit_test(older_recordings_are_read_and_have_no_width),
		cmocka_unit_test(four_byte_words_are_shown_as_such),
		cmocka_unit_test(a_refusal_shrinks_to_what_it_takes),
	};

	return cmocka_run_group_tests_name("trace narrow", tests, NULL, NULL);
}
