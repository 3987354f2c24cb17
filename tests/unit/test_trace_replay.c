/* SPDX-License-Identifier: MIT */
/*
 * Replays of streams that are written here by hand: a domain starts on four
 * tables, and writes an entry. Each test changes one thing, and the replay
 * must say where it came to something else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/sim.h"
#include "tests/unit/support/stream.h"
#include "trace/replay/replay.h"

enum { L4 = 16, L3, L2, L1, DATA };
#define ENTRY (PTE_P | PTE_US | PTE_A)
#define ENTRY_RW (ENTRY | PTE_RW)

/* What the tests change. */
struct story {
	struct stream stream;
	uint64_t l1_entry; /* that maps the data, as the table is judged */
	int64_t start;     /* result */
	int64_t update;
	unsigned int refused; /* by this rule; RULES: not refused */
	uint64_t new_entry;
};

static void table(struct stream *s, unsigned int type, uint64_t f,
		  uint64_t entry)
{
	const uint64_t words[1 + TRACE_BITMAP_WORDS + 1] = {f, 1, 0, 0, 0,
							    0, 0, 0, 0, entry};

	stream_put(s, TRACE_TABLE, 0, type, words, 1 + TRACE_BITMAP_WORDS + 1);
}

static void operation(struct stream *s, enum mmu_operation op,
		      const uint64_t operand[4])
{
	uint64_t words[TRACE_BEGIN_WORDS + 4] = {0};
	unsigned int nr = operation_info[op].nr_words;

	words[2] = op == MMU_OP_START ? 1 : 2; /* its number */
	memcpy(words + TRACE_BEGIN_WORDS, operand, nr * sizeof(*operand));
	stream_put(s, TRACE_BEGIN, 0, op, words, TRACE_BEGIN_WORDS + nr);
}

static void write_story(struct story *w)
{
	struct stream *s = &w->stream;
	const uint64_t up = ENTRY_RW;

	stream_begin(s);
	stream_put(s, TRACE_OWN, TRACE_NO_VCPU, 0, (uint64_t[]){0, 16}, 2);
	stream_put(s, TRACE_ASSIGN, TRACE_NO_VCPU, 0, (uint64_t[]){16, 0, 16},
		   3);
	stream_put(s, TRACE_POOL, TRACE_NO_VCPU, 0, (uint64_t[]){32, 32}, 2);
	operation(s, MMU_OP_START, (uint64_t[4]){L4});
	table(s, FRAME_L4, L4, L3 << PAGE_SHIFT | up);
	table(s, FRAME_L3, L3, L2 << PAGE_SHIFT | up);
	table(s, FRAME_L2, L2, L1 << PAGE_SHIFT | up);
	table(s, FRAME_L1, L1, w->l1_entry);
	stream_result(s, w->start);
	operation(s, MMU_OP_MMU_UPDATE,
		  (uint64_t[4]){0x10000, 1, 0, DOMID_SELF});
	stream_put(s, TRACE_COPIED_IN, 0, 16,
		   (uint64_t[]){(L1 << PAGE_SHIFT) + 8, w->new_entry}, 2);
	if (w->refused != RULES) {
		stream_put(s, TRACE_REFUSED, 0, w->refused, (uint64_t[]){L1, 0},
			   2);
	}
	stream_result(s, w->update);
}

static int set_up(void **state)
{
	struct story *w = calloc(1, sizeof(*w));

	*state = w;
	w->refused = RULES;
	w->l1_entry = DATA << PAGE_SHIFT | ENTRY_RW;
	w->new_entry = (uint64_t)L1 << PAGE_SHIFT | ENTRY;
	return w == NULL;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static struct replay_result run(struct story *w, struct replay_options o)
{
	char error[TRACE_ERROR_SIZE];
	struct replay_result result;
	struct trace t = {0};
	struct replay *r;
	uint8_t *bytes;
	size_t size;

	bytes = stream_file(&w->stream, &size);
	if (!trace_read(&t, bytes, size, error)) {
		fail_msg("%s", error);
	}
	r = replay_new(&t);
	replay_run(r, &o, &result);
	replay_free(r);
	trace_free(&t);
	free(bytes);
	return result;
}

static struct replay_result run_story(struct story *w)
{
	write_story(w);
	return run(w, (struct replay_options){.audit_every = 1});
}

static void assert_differs(const struct replay_result *r, const char *line)
{
	assert_true(r->differs);
	assert_string_equal(r->line, line);
}

static void what_is_as_recorded_has_no_difference(void **state)
{
	struct replay_result r = run_story(*state);

	assert_string_equal(r.line, "");
	assert_false(r.differs);
	assert_int_equal(r.operations, 2);
	assert_int_equal(r.audits, 2);
	assert_int_equal(r.differences, 0);
}

static void it_stops_where_it_is_told_to(void **state)
{
	struct story *w = *state;
	struct replay_result r;

	write_story(w);
	r = run(w, (struct replay_options){.until = 1});
	assert_int_equal(r.operations, 1);
	assert_false(r.differs);
}

static void another_result_is_a_difference(void **state)
{
	struct story *w = *state;
	struct replay_result r;

	w->update = -XEN_EINVAL;
	r = run_story(w);
	assert_differs(&r, "mmu_update ends with 0 here");
}

static void a_refusal_that_was_none_is_a_difference(void **state)
{
	struct story *w = *state;
	struct replay_result r;

	w->new_entry |= PTE_RW; /* a table, writable */
	r = run_story(w);
	assert_differs(&r, "refused by NOT_WRITABLE here");
}

static void a_refusal_by_another_rule_is_a_difference(void **state)
{
	struct story *w = *state;
	struct replay_result r;

	w->new_entry |= PTE_RW;
	w->refused = RULE_NOT_WRITABLE;
	w->update = -rule_info[RULE_NOT_WRITABLE].err;
	r = run_story(w);
	assert_false(r.differs);
	w->refused = RULE_BAD_TYPE;
	r = run_story(w);
	assert_differs(&r, "refused by NOT_WRITABLE here");
}

static void other_contents_of_a_table_come_to_something_else(void **state)
{
	struct story *w = *state;
	struct replay_result r;

	w->l1_entry = L2 << PAGE_SHIFT | ENTRY_RW;
	r = run_story(w);
	assert_differs(&r, "refused by NOT_WRITABLE here");
}

static void bytes_that_nobody_copied_are_missed(void **state)
{
	struct story *w = *state;
	struct replay_result r;

	write_story(w);
	w->stream.nr -= 3 + 3; /* the result, and the request */
	stream_result(&w->stream, 0);
	r = run(w, (struct replay_options){0});
	assert_differs(&r, "16 bytes are copied in here");
}

static void frames_of_somebodys_are_not_given_away(void **state)
{
	struct story *w = *state;
	struct replay_result r;

	write_story(w);
	stream_put(&w->stream, TRACE_LEND, TRACE_NO_VCPU, 1, (uint64_t[]){L4},
		   1);
	r = run(w, (struct replay_options){0});
	assert_differs(&r, "frames from mfn 10 on belong to somebody");
}

static void an_operation_cut_off_by_the_end_is_left_out(void **state)
{
	struct story *w = *state;
	struct replay_result r;

	write_story(w);
	w->stream.nr -= 3;
	r = run(w, (struct replay_options){0});
	assert_false(r.differs);
	assert_int_equal(r.operations, 1);
}

static void nobody_asks_for_what_comes_by_no_way(void **state)
{
	struct story *w = *state;
	struct replay_result r;

	write_story(w);
	operation(&w->stream, MMU_OP_PIN_L4, (uint64_t[4]){0});
	stream_result(&w->stream, 0);
	r = run(w, (struct replay_options){0});
	assert_differs(&r, "nobody asks for mmuext_op pin_l4_table here");
}

/* The replay of the story, and beside it the model, which is told: */
struct beside {
	struct trace t;
	struct replay *r;
	struct oracle *o;
};

static void set_beside(struct story *w, struct beside *b)
{
	char error[TRACE_ERROR_SIZE];
	struct replay_result result;
	uint8_t *bytes;
	size_t size;

	write_story(w);
	bytes = stream_file(&w->stream, &size);
	b->t = (struct trace){0};
	assert_true(trace_read(&b->t, bytes, size, error));
	free(bytes);
	b->r = replay_new(&b->t);
	replay_run(b->r, &(struct replay_options){0}, &result);
	b->o = oracle_new(&b->t, 1);
}

static struct oracle_result follow(struct beside *b)
{
	struct oracle_result result;

	(void)oracle_follow(b->o, 0, b->t.whole, replay_machine(b->r));
	result = *oracle_result(b->o);
	oracle_free(b->o);
	replay_free(b->r);
	trace_free(&b->t);
	return result;
}

static void the_model_agrees(void **state)
{
	struct oracle_result result;
	struct beside b;

	set_beside(*state, &b);
	result = follow(&b);
	assert_string_equal(result.line, "");
	assert_false(result.differs || result.lost);
	assert_int_equal(result.operations, 2);
	assert_int_equal(result.requests, 2);
	assert_int_equal(result.frames, STREAM_FRAMES);
	assert_int_equal(result.machines, 1);
}

static void the_model_comes_to_results_of_its_own(void **state)
{
	struct story *w = *state;
	struct oracle_result result;
	struct beside b;

	w->update = -XEN_EINVAL;
	set_beside(w, &b);
	result = follow(&b);
	assert_true(result.differs);
	assert_string_equal(result.line, "mmu_update ends with -22, by the "
					 "model with 0");
}

static void the_model_sees_a_count_that_is_wrong(void **state)
{
	struct oracle_result result;
	struct beside b;

	set_beside(*state, &b);
	replay_machine(b.r)->frames[DATA].count++;
	result = follow(&b);
	assert_true(result.differs);
	assert_string_equal(result.line,
			    "mfn 14 has 3 references, 1 by type 7; by the "
			    "model 2, 1 by type 7");
}

static void the_model_sees_an_entry_that_is_wrong(void **state)
{
	struct oracle_result result;
	struct beside b;

	set_beside(*state, &b);
	frame_ptes(replay_machine(b.r), mfn(L1))[7] = pte(ENTRY);
	result = follow(&b);
	assert_true(result.differs);
	assert_string_equal(result.line, "mfn 13 has other entries");
}

static void what_the_model_sees_ends_the_replay(void **state)
{
	struct story *w = *state;
	struct replay_result r;

	write_story(w);
	r = run(w, (struct replay_options){.oracle_every = 1});
	assert_false(r.differs);
	assert_int_equal(r.oracle.operations, 2);
	assert_int_equal(r.oracle.machines, 3);
}

#define replay_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		replay_test(what_is_as_recorded_has_no_difference),
		replay_test(it_stops_where_it_is_told_to),
		replay_test(another_result_is_a_difference),
		replay_test(a_refusal_that_was_none_is_a_difference),
		replay_test(a_refusal_by_another_rule_is_a_difference),
		replay_test(other_contents_of_a_table_come_to_something_else),
		replay_test(bytes_that_nobody_copied_are_missed),
		replay_test(frames_of_somebodys_are_not_given_away),
		replay_test(an_operation_cut_off_by_the_end_is_left_out),
		replay_test(nobody_asks_for_what_comes_by_no_way),
		replay_test(the_model_agrees),
		replay_test(the_model_comes_to_results_of_its_own),
		replay_test(the_model_sees_a_count_that_is_wrong),
		replay_test(the_model_sees_an_entry_that_is_wrong),
		replay_test(what_the_model_sees_ends_the_replay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
