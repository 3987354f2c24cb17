/* SPDX-License-Identifier: MIT */
/*
 * Many consoles on one port: whose line it is can be seen, nobody's is broken
 * by another's, and where there are several CPUs nobody's flood has the port
 * for longer than its pace allows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/metal/metal.h"

#include "hv/cpu/cpu.h"
#include "hv/report/lines.h"
#include "hv/report/pace.h"
#include "hv/services/console.h"
#include "hv/services/timer.h"

#define FLOOD 5 /* consoles */
#define QUIET 6
#define NEW 7 /* that has lost nothing */
#define LINE "1234567890123456789012345678901\n"
#define LINE_SIZE (sizeof(LINE) - 1)
#define SECOND UINT64_C(1000000000)
#define QUEUE 16384
/* Names, and the line that was under way. */
#define SLACK 1024

static int set_up(void **state)
{
	/* Every test is later than all that an earlier one has written. */
	static uint64_t began;
	int rc = metal_set_up(state);
	struct metal *t = *state;

	began += 100 * SECOND;
	t->now = began;
	nr_cpus = METAL_VCPUS;
	lines_begin(t->d.slot, "here");
	lines_begin(FLOOD, "flood");
	lines_begin(QUIET, "quiet");
	lines_pump();
	t->nr_sent = 0;
	return rc;
}

/* What has been sent since this was asked last. */
static size_t take(struct metal *t)
{
	const size_t nr = t->nr_sent;

	t->nr_sent = 0;
	return nr;
}

static int tear_down(void **state)
{
	struct metal *t = *state;

	nr_cpus = METAL_VCPUS;
	do {
		t->now += SECOND;
		lines_end(FLOOD);
		lines_end(QUIET);
		(void)take(t);
	} while (lines_wait());
	return metal_tear_down(state);
}

static void put(unsigned int which, const char *text)
{
	assert_int_equal(lines_put(which, text, strlen(text)), strlen(text));
}

/* Writes as much as somebody takes, for as long as anything is shown. */
static size_t flood(struct metal *t)
{
	size_t all = 0;
	size_t some;

	do {
		some = 0;
		for (unsigned int i = 0; i < QUEUE / LINE_SIZE; i++) {
			(void)lines_put(FLOOD, LINE, LINE_SIZE);
			some += take(t);
		}
		all += some;
	} while (some != 0);
	return all;
}

static void lines_have_names_and_are_whole(void **state)
{
	struct metal *t = *state;

	put(QUIET, "be");
	put(FLOOD, "one\ntw");
	put(QUIET, "gun\n");
	put(FLOOD, "o\n");
	assert_int_equal(t->nr_sent, strlen("[flood] one\n[quiet] begun\n"
					    "[flood] two\n"));
	assert_memory_equal(t->sent,
			    "[flood] one\n[quiet] begun\n[flood] two\n",
			    t->nr_sent);
	assert_false(lines_wait());
}

static void a_flood_has_a_burst_and_then_its_pace(void **state)
{
	struct metal *t = *state;
	const size_t named = LINE_SIZE + strlen("[flood] ");
	const size_t burst = PACE_BURST / LINE_SIZE * named;
	const size_t second = SECOND / PACE_BYTE / LINE_SIZE * named;
	size_t sent = flood(t);

	assert_in_range(sent, burst - SLACK, burst + SLACK);
	assert_true(lines_wait());
	assert_int_equal(flood(t), 0);
	t->now += SECOND;
	sent = flood(t);
	assert_in_range(sent, second - SLACK, second + SLACK);
	/* What was not used is not saved up beyond a burst. */
	t->now += 50 * SECOND;
	sent = flood(t);
	assert_in_range(sent, burst - SLACK, burst + SLACK);
}

static void beside_a_flood_others_are_heard_at_once(void **state)
{
	struct metal *t = *state;

	(void)flood(t);
	put(QUIET, "a word\n");
	assert_int_equal(t->nr_sent, strlen("[quiet] a word\n"));
	assert_memory_equal(t->sent, "[quiet] a word\n", t->nr_sent);
}

static void few_are_shown_at_once(void **state)
{
	struct metal *t = *state;

	(void)flood(t); /* its queue is full */
	t->now += 50 * SECOND;
	lines_pump();
	assert_in_range(take(t), 1, 2 * SLACK);
	assert_true(lines_wait());
	lines_pump();
	assert_in_range(take(t), 1, 2 * SLACK);
}

static void alone_on_its_cpu_it_has_no_pace(void **state)
{
	struct metal *t = *state;

	nr_cpus = 1;
	for (unsigned int i = 0; i < 2 * PACE_BURST / LINE_SIZE; i++) {
		put(FLOOD, LINE);
		assert_in_range(take(t), LINE_SIZE, SLACK);
	}
	assert_false(lines_wait());
}

static void what_is_typed_is_shown_before_its_end(void **state)
{
	struct metal *t = *state;

	lines_show_at_once(QUIET);
	put(QUIET, "log");
	assert_int_equal(t->nr_sent, strlen("[quiet] log"));
	put(FLOOD, "x\n");
	assert_memory_equal(t->sent, "[quiet] log\r\n[flood] x\n[quiet] log",
			    t->nr_sent);
	/* Not before its time, either. */
	put(QUIET, "in\n");
	for (unsigned int i = 0; i < 2 * PACE_BURST / LINE_SIZE; i++) {
		(void)lines_put(QUIET, LINE, LINE_SIZE);
		(void)take(t);
	}
	(void)lines_put(QUIET, "z\n", 2);
	assert_int_equal(t->nr_sent, 0);
	lines_show_at_once(LINES_MOST);
}

/* As the hypervisor's entry does. */
static void come_back(void)
{
	assert_int_equal(timer_interrupt(), TIMER_CAME_BACK);
	console_go_on();
}

static void a_guests_flood_goes_on_by_its_cpus_timer(void **state)
{
	struct metal *t = *state;
	uint64_t arg[6] = {CONSOLEIO_write, LINE_SIZE, GUEST_BUFFER};
	size_t all = 0;

	memcpy(t->m.guest, LINE, LINE_SIZE);
	t->here = 1;
	for (unsigned int i = 0; i < 2 * PACE_BURST / LINE_SIZE; i++) {
		assert_int_equal(hc_console_io(&t->v[1], arg), 0);
		all += take(t);
	}
	assert_in_range(all, PACE_BURST, 2 * PACE_BURST);
	assert_in_range(t->timer, t->now + 1, t->now + SECOND / 1000);
	/* Later ones do not put it off. */
	t->now += 1;
	assert_int_equal(hc_console_io(&t->v[1], arg), 0);
	assert_in_range(t->timer, t->now, t->now - 1 + SECOND / 1000);
	t->now = t->timer;
	come_back();
	assert_in_range(take(t), LINE_SIZE, SLACK);
	/* As long as any waits, and no longer. */
	assert_in_range(t->timer, t->now + 1, t->now + SECOND / 1000);
	for (unsigned int i = 0; t->timer != UINT64_MAX; i++) {
		assert_true(i < 1000);
		t->now = t->timer;
		come_back();
		(void)take(t);
	}
	assert_int_equal(lines_room(t->d.slot), QUEUE);
}

static void a_port_that_was_stalled_is_looked_at_again(void **state)
{
	struct metal *t = *state;

	lines_begin(NEW, "new");
	t->stalled = true;
	put(NEW, "late\n");
	assert_int_equal(t->nr_sent, 0);
	assert_true(lines_wait());
	t->stalled = false;
	console_go_on();
	assert_int_equal(t->nr_sent, strlen("[new] late\n"));
	assert_false(lines_wait());
}

/* Its writer may never write again. */
static void what_was_lost_is_told_when_there_is_room(void **state)
{
	struct metal *t = *state;
	bool told = false;

	(void)flood(t);
	assert_int_equal(lines_put(FLOOD, LINE, 1), 0);
	for (unsigned int i = 0; i < 40; i++) {
		t->now += SECOND;
		lines_pump();
		t->sent[t->nr_sent] = '\0';
		told = told || strstr(t->sent, "output lost: ") != NULL;
		(void)take(t);
	}
	assert_true(told);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(lines_have_names_and_are_whole),
		TEST(a_flood_has_a_burst_and_then_its_pace),
		TEST(beside_a_flood_others_are_heard_at_once),
		TEST(few_are_shown_at_once),
		TEST(alone_on_its_cpu_it_has_no_pace),
		TEST(what_is_typed_is_shown_before_its_end),
		TEST(what_was_lost_is_told_when_there_is_room),
		TEST(a_port_that_was_stalled_is_looked_at_again),
		TEST(a_guests_flood_goes_on_by_its_cpus_timer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
