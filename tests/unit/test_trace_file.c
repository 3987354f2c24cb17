/* SPDX-License-Identifier: MIT */
/*
 * The trace format: what was written is read again, and what is damaged, cut
 * off or made up is refused with one line that says where.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/report/event.h"
#include "tests/unit/support/stream.h"

static int set_up(void **state)
{
	*state = malloc(sizeof(struct stream));
	stream_begin(*state);
	return *state == NULL;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static void assert_refused(const struct stream *s, const char *why)
{
	char error[TRACE_ERROR_SIZE] = "";

	assert_false(stream_good(s, error));
	assert_memory_equal(error, "offset ", 7);
	assert_non_null(strstr(error, why));
}

static void a_file_gives_back_what_was_put_in(void **state)
{
	struct stream *s = *state;
	char error[TRACE_ERROR_SIZE];
	struct trace_record r;
	struct trace t = {0};
	uint64_t at = 0;
	uint8_t *bytes;
	size_t size;
	bool there;

	stream_operation(s, MMU_OP_MMU_UPDATE);
	stream_put(s, TRACE_COPIED_IN, 0, 16, (uint64_t[]){5, 6}, 2);
	stream_result(s, -22);
	bytes = stream_file(s, &size);
	assert_true(trace_read(&t, bytes, size, error));
	assert_int_equal(t.nr, s->nr);
	assert_memory_equal(t.word, s->word, s->nr * sizeof(*s->word));
	assert_int_equal(t.operations, 1);
	do {
		there = trace_next(&t, &at, &r);
	} while (there && r.kind != TRACE_COPIED_IN);
	assert_true(there);
	assert_int_equal(r.nr, 2);
	assert_int_equal(r.word[1], 6);
	trace_free(&t);
	free(bytes);
}

/* More than one block, of which the last is not full. */
static void a_long_stream_is_read_again(void **state)
{
	struct stream *s = *state;
	char error[TRACE_ERROR_SIZE];
	struct trace t = {0};
	uint8_t *bytes;
	size_t size;

	for (unsigned int i = 0; i < 30000; i++) {
		stream_operation(s, MMU_OP_MMUEXT);
		stream_result(s, (int64_t)i);
	}
	bytes = stream_file(s, &size);
	assert_true(trace_read(&t, bytes, size, error));
	assert_true(t.nr_blocks > 2);
	assert_int_equal(t.nr, s->nr);
	assert_int_equal(t.operations, 30000);
	trace_free(&t);
	t.most = 1 << 20;
	assert_false(trace_read(&t, bytes, size, error));
	assert_non_null(strstr(error, "more than 1 MiB"));
	free(bytes);
}

static void a_file_that_is_cut_off_anywhere_is_refused(void **state)
{
	char error[TRACE_ERROR_SIZE];
	struct trace t = {0};
	size_t size;
	uint8_t *bytes = stream_file(*state, &size);

	for (size_t n = 0; n < size; n++) {
		uint8_t *cut = malloc(n + 1);

		memcpy(cut, bytes, n);
		assert_false(trace_read(&t, cut, n, error));
		assert_memory_equal(error, "offset ", 7);
		free(cut);
	}
	free(bytes);
}

static void every_one_of_a_thousand_damages_is_noticed(void **state)
{
	struct stream *s = *state;
	char error[TRACE_ERROR_SIZE];
	struct trace t = {0};
	uint32_t random = 1;
	uint8_t *bytes;
	size_t size;

	for (unsigned int i = 0; i < 200; i++) {
		stream_operation(s, MMU_OP_LOAD_CR3);
		stream_result(s, i % 3);
	}
	bytes = stream_file(s, &size);
	for (unsigned int i = 0; i < 1000; i++) {
		size_t at;
		uint8_t bit;

		random = random * 1664525 + 1013904223;
		at = (random >> 8) % size;
		bit = (uint8_t)(1u << (random >> 5 & 7));
		bytes[at] ^= bit;
		error[0] = '\0';
		assert_false(trace_read(&t, bytes, size, error));
		assert_memory_equal(error, "offset ", 7);
		assert_null(strchr(error, '\n'));
		bytes[at] ^= bit;
	}
	assert_true(trace_read(&t, bytes, size, error));
	trace_free(&t);
	free(bytes);
}

static void another_version_is_refused(void **state)
{
	char error[TRACE_ERROR_SIZE];
	struct trace t = {0};
	size_t size;
	uint8_t *bytes = stream_file(*state, &size);

	bytes[8]++;
	assert_false(trace_read(&t, bytes, size, error));
	free(bytes);
	assert_false(trace_read(&t, "#!/bin/sh\n", 10, error));
	assert_string_equal(error, "offset 0: this is no trace of "
				   "Pagewarden's");
}

static void frames_must_be_the_machines(void **state)
{
	struct stream *s = *state;

	stream_put(s, TRACE_OWN, TRACE_NO_VCPU, 0,
		   (uint64_t[]){STREAM_FRAMES - 1, 2}, 2);
	assert_refused(s, "frames that are not there");
	stream_begin(s);
	stream_put(s, TRACE_ASSIGN, TRACE_NO_VCPU, 0,
		   (uint64_t[]){4, UINT64_MAX, 2}, 3);
	assert_refused(s, "pseudo-physical frames");
	stream_begin(s);
	stream_put(s, TRACE_POOL, TRACE_NO_VCPU, 0, (uint64_t[]){4, UINT64_MAX},
		   2);
	assert_refused(s, "frames that are not there");
}

static void records_must_stand_where_they_may(void **state)
{
	struct stream *s = *state;

	stream_put(s, TRACE_COPIED_IN, 0, 8, (uint64_t[]){5}, 1);
	assert_refused(s, "a part of no operation");
	stream_begin(s);
	stream_operation(s, MMU_OP_MMUEXT);
	stream_operation(s, MMU_OP_MMUEXT);
	assert_refused(s, "an operation within another");
	stream_begin(s);
	stream_operation(s, MMU_OP_MMUEXT);
	stream_put(s, TRACE_LEND, TRACE_NO_VCPU, 0, (uint64_t[]){5}, 1);
	assert_refused(s, "an operation that does not end");
	stream_begin(s);
	stream_operation(s, MMU_OP_MMUEXT);
	stream_put(s, TRACE_COPIED_IN, 1, 8, (uint64_t[]){5}, 1);
	assert_refused(s, "a part of no operation");
}

static void records_must_be_as_long_as_they_say(void **state)
{
	struct stream *s = *state;
	uint64_t table[1 + TRACE_BITMAP_WORDS + 1] = {5, 3};

	stream_operation(s, MMU_OP_MMUEXT);
	stream_put(s, TRACE_TABLE, 0, 1, table, 1 + TRACE_BITMAP_WORDS + 1);
	assert_refused(s, "more or fewer entries");
	stream_begin(s);
	stream_operation(s, MMU_OP_MMUEXT);
	stream_put(s, TRACE_COPIED_IN, 0, 17, table, 2);
	assert_refused(s, "bytes that do not fit");
	stream_begin(s);
	stream_put(s, TRACE_BEGIN, 0, MMU_OP_MMUEXT, table, 5);
	assert_refused(s, "more or fewer operands");
	stream_begin(s);
	stream_operation(s, MMU_OP_MMUEXT);
	s->nr--;
	assert_refused(s, "the stream ends within it");
}

static void operations_are_known_by_name(void **state)
{
	struct stream *s = *state;
	char *first = (char *)(s->word + 1);

	/* The first name is NONE's; then mmu_update's. */
	assert_string_equal(first + 2, "mmu_update");
	first[2] = 'x';
	stream_operation(s, MMU_OP_MMU_UPDATE);
	assert_refused(s, "an operation that is not known here");
}

static void operations_are_somebodys(void **state)
{
	struct stream *s = *state;
	const uint64_t words[TRACE_BEGIN_WORDS + 4] = {0};

	stream_put(s, TRACE_BEGIN, 3, MMU_OP_MMUEXT, words,
		   TRACE_BEGIN_WORDS + 4);
	assert_refused(s, "an operation of nobody");
	stream_begin(s);
	stream_put(s, TRACE_BEGIN, TRACE_NO_VCPU, MMU_OP_MMUEXT, words,
		   TRACE_BEGIN_WORDS + 4);
	assert_refused(s, "an operation of nobody");
}

#define trace_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		trace_test(a_file_gives_back_what_was_put_in),
		trace_test(a_long_stream_is_read_again),
		trace_test(a_file_that_is_cut_off_anywhere_is_refused),
		trace_test(every_one_of_a_thousand_damages_is_noticed),
		trace_test(another_version_is_refused),
		trace_test(frames_must_be_the_machines),
		trace_test(records_must_stand_where_they_may),
		trace_test(records_must_be_as_long_as_they_say),
		trace_test(operations_are_known_by_name),
		trace_test(operations_are_somebodys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
