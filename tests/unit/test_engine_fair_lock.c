/* SPDX-License-Identifier: MIT */
/* The engine's locks are had in the order in which they were asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/request/fair_lock.h"

static void one_has_it_at_a_time(void **state)
{
	struct fair_lock l = {.word = 0};

	(void)state;
	assert_true(fair_lock_try(&l));
	assert_false(fair_lock_try(&l));
	fair_lock_give_up(&l);
	assert_int_equal(l.word, 0);
	assert_true(fair_lock_try(&l));
}

static void who_waits_has_it_after_the_holder(void **state)
{
	struct fair_lock l = {.word = 0};
	uint8_t number;

	(void)state;
	assert_true(fair_lock_try(&l));
	number = fair_lock_queue(&l);
	assert_true(fair_lock_wanted(&l));
	assert_false(fair_lock_turn(&l, number));
	fair_lock_give_up(&l);
	assert_true(fair_lock_turn(&l, number));
	assert_false(fair_lock_wanted(&l));
	assert_false(fair_lock_turn(&l, number));
}

static void nobody_comes_before_those_that_wait(void **state)
{
	struct fair_lock l = {.word = 0};
	uint8_t number[3];

	(void)state;
	assert_true(fair_lock_try(&l));
	for (unsigned int i = 0; i < 3; i++) {
		number[i] = fair_lock_queue(&l);
	}
	for (unsigned int i = 0; i < 3; i++) {
		fair_lock_give_up(&l);
		/* Neither who had it just now nor who came later. */
		assert_false(fair_lock_try(&l));
		for (unsigned int later = 2; later > i; later--) {
			assert_false(fair_lock_turn(&l, number[later]));
		}
		assert_true(fair_lock_turn(&l, number[i]));
	}
	fair_lock_give_up(&l);
	assert_true(fair_lock_try(&l));
}

static void it_is_the_same_word_whenever_it_is_free(void **state)
{
	struct fair_lock l = {.word = 0};

	(void)state;
	for (unsigned int i = 0; i < 1000; i++) {
		uint8_t number;

		assert_true(fair_lock_try(&l));
		number = fair_lock_queue(&l);
		fair_lock_give_up(&l);
		assert_true(fair_lock_turn(&l, number));
		fair_lock_give_up(&l);
		assert_int_equal(l.word, 0);
	}
}

/* The holder left between the look and the number. */
static void a_free_lock_is_had_by_the_first_number(void **state)
{
	struct fair_lock l = {.word = 0};
	uint8_t number = fair_lock_queue(&l);

	(void)state;
	assert_false(fair_lock_try(&l));
	assert_true(fair_lock_turn(&l, number));
	fair_lock_give_up(&l);
	assert_int_equal(l.word, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_has_it_at_a_time),
		cmocka_unit_test(who_waits_has_it_after_the_holder),
		cmocka_unit_test(nobody_comes_before_those_that_wait),
		cmocka_unit_test(it_is_the_same_word_whenever_it_is_free),
		cmocka_unit_test(a_free_lock_is_had_by_the_first_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
