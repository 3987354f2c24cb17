/* SPDX-License-Identifier: MIT */
/*
 * Shrinking: of a recording with much in it that is of no importance, what
 * stays is what the refusal takes, and that is a trace which replays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/sim.h"
#include "tests/unit/support/stream.h"
#include "trace/replay/replay.h"
#include "trace/shrink/loose.h"
#include "trace/shrink/shrink.h"

enum { L4 = 16, L3, L2, L1, DATA, OTHER_L1 = 30 };
#define ENTRY (PTE_P | PTE_US | PTE_A)
#define ENTRY_RW (ENTRY | PTE_RW)
#define NOISE 40

static void table(struct stream *s, unsigned int type, uint64_t f,
		  const uint64_t *entries, unsigned int nr)
{
	uint64_t words[1 + TRACE_BITMAP_WORDS + 8] = {f};

	words[1] = (UINT64_C(1) << nr) - 1;
	memcpy(words + 1 + TRACE_BITMAP_WORDS, entries, nr * sizeof(*entries));
	stream_put(s, TRACE_TABLE, 0, type, words, 1 + TRACE_BITMAP_WORDS + nr);
}

static uint64_t entry(uint64_t f, uint64_t flags)
{
	return f << PAGE_SHIFT | flags;
}

static void list(struct stream *s, unsigned int op, unsigned int nr)
{
	const uint64_t words[TRACE_BEGIN_WORDS + 4] = {0, 0,         0,
						       0, 0x10000,   nr,
						       0, DOMID_SELF};

	stream_put(s, TRACE_BEGIN, 0, op, words, TRACE_BEGIN_WORDS + 4);
}

static void updates(struct stream *s, unsigned int nr, unsigned int last)
{
	list(s, MMU_OP_MMU_UPDATE, nr + 1);
	for (unsigned int i = 0; i < nr; i++) {
		stream_put(s, TRACE_COPIED_IN, 0, 16,
			   (uint64_t[]){(L1 << PAGE_SHIFT) + 64 + 8 * i,
					entry(DATA, ENTRY_RW)},
			   2);
	}
	stream_put(s, TRACE_COPIED_IN, 0, 16,
		   (uint64_t[]){(L1 << PAGE_SHIFT) + 64, entry(last, ENTRY_RW)},
		   2);
}

/*
 * A domain starts, fills entries, pins an L1 in two goes, and in a list of
 * requests wants that L1 writable.
 */
static void write_story(struct stream *s)
{
	const uint64_t pin[] = {MMUEXT_PIN_L1_TABLE, OTHER_L1, 0};
	const uint64_t some[] = {entry(DATA, ENTRY_RW), entry(DATA, ENTRY),
				 entry(DATA + 1, ENTRY)};
	uint64_t start[TRACE_BEGIN_WORDS + 1] = {0, 0, 0, 0, L4};

	stream_begin(s);
	stream_put(s, TRACE_OWN, TRACE_NO_VCPU, 0, (uint64_t[]){0, 16}, 2);
	stream_put(s, TRACE_ASSIGN, TRACE_NO_VCPU, 0, (uint64_t[]){16, 0, 16},
		   3);
	stream_put(s, TRACE_BEGIN, 0, MMU_OP_START, start,
		   TRACE_BEGIN_WORDS + 1);
	table(s, FRAME_L4, L4, (uint64_t[]){entry(L3, ENTRY_RW)}, 1);
	table(s, FRAME_L3, L3, (uint64_t[]){entry(L2, ENTRY_RW)}, 1);
	table(s, FRAME_L2, L2, (uint64_t[]){entry(L1, ENTRY_RW)}, 1);
	table(s, FRAME_L1, L1, some, 3);
	stream_result(s, 0);
	updates(s, NOISE, DATA);
	stream_result(s, 0);
	list(s, MMU_OP_MMUEXT, 1);
	stream_put(s, TRACE_COPIED_IN, 0, 24, pin, 3);
	table(s, FRAME_L1, OTHER_L1, some, 3);
	stream_put(s, TRACE_PREEMPTED, 0, 0, (uint64_t[]){1}, 1);
	stream_result(s, -XEN_ERESTART);
	list(s, MMU_OP_MMUEXT, 1);
	stream_put(s, TRACE_COPIED_IN, 0, 24, pin, 3);
	stream_result(s, 0);
	updates(s, NOISE, OTHER_L1);
	stream_put(s, TRACE_REFUSED, 0, RULE_NOT_WRITABLE,
		   (uint64_t[]){OTHER_L1, NOISE}, 2);
	stream_result(s, -rule_info[RULE_NOT_WRITABLE].err);
	updates(s, NOISE, DATA);
	stream_result(s, 0);
}

struct shrunk {
	struct stream stream;
	struct trace t;
	struct plan p;
	struct shrink_wish w;
};

static int set_up(void **state)
{
	struct shrunk *k = calloc(1, sizeof(*k));
	char error[TRACE_ERROR_SIZE];
	uint8_t *bytes;
	size_t size;

	write_story(&k->stream);
	k->w.rule = UINT16_MAX;
	bytes = stream_file(&k->stream, &size);
	if (!trace_read(&k->t, bytes, size, error)) {
		return -1;
	}
	free(bytes);
	*state = k;
	return 0;
}

static int tear_down(void **state)
{
	struct shrunk *k = *state;

	plan_free(&k->p);
	trace_free(&k->t);
	free(k);
	return 0;
}

static void only_what_the_refusal_takes_stays(void **state)
{
	struct shrunk *k = *state;
	struct shrink_counts counts;

	assert_true(plan_make(&k->p, &k->t, &k->w));
	assert_int_equal(k->w.rule, RULE_NOT_WRITABLE);
	assert_int_equal(k->w.frame, OTHER_L1);
	assert_true(shrink(&k->p, &k->w, &counts));
	/* The start, each update of the two lists, and the pin once. */
	assert_int_equal(counts.steps_before, 1 + 2 * (NOISE + 1) + 1);
	assert_int_equal(counts.steps, 3);
	assert_int_equal(counts.entries_before, 3 + 3 + 3);
	/* The tables above the L1 are needed to have it: nothing in it is. */
	assert_int_equal(counts.entries, 3);
}

static void what_stays_is_a_trace_that_replays(void **state)
{
	struct shrunk *k = *state;
	char path[] = "/tmp/test_shrink.XXXXXX";
	int fd = mkstemp(path);
	char error[TRACE_ERROR_SIZE];
	struct replay_result result;
	struct shrink_counts counts;
	struct trace_writer to;
	struct trace small = {0};
	struct replay *r;

	assert_true(plan_make(&k->p, &k->t, &k->w));
	assert_true(shrink(&k->p, &k->w, &counts));
	assert_true(trace_writer_open(&to, path));
	assert_true(loose_record(&k->p, &k->w, &to));
	assert_true(trace_writer_close(&to));
	assert_true(trace_read_file(&small, path, error));
	assert_int_equal(small.operations, 3);
	assert_int_equal(small.refusals, 1);
	r = replay_new(&small);
	replay_run(r, &(struct replay_options){.audit_every = 1}, &result);
	assert_false(result.differs);
	assert_int_equal(result.operations, 3);
	assert_int_equal(result.differences, 0);
	replay_free(r);
	trace_free(&small);
	close(fd);
	unlink(path);
}

static void a_refusal_that_is_not_there_is_not_kept(void **state)
{
	struct shrunk *k = *state;

	k->w.rule = RULE_BAD_TYPE;
	assert_false(plan_make(&k->p, &k->t, &k->w));
}

/* The steps are run for what comes of them: a wrong record shows nothing. */
static void a_refusal_that_does_not_happen_is_not_shown(void **state)
{
	struct shrunk *k = *state;
	struct shrink_counts counts;

	assert_true(plan_make(&k->p, &k->t, &k->w));
	k->w.frame = DATA;
	assert_false(shrink(&k->p, &k->w, &counts));
}

#define shrink_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		shrink_test(only_what_the_refusal_takes_stays),
		shrink_test(what_stays_is_a_trace_that_replays),
		shrink_test(a_refusal_that_is_not_there_is_not_kept),
		shrink_test(a_refusal_that_does_not_happen_is_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
