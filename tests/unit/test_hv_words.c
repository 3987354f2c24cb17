/* SPDX-License-Identifier: MIT */
/* What the command says to the hypervisor, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "abi/control.h"
#include "hv/domain/domain.h"
#include "hv/report/words.h"

static void take(unsigned int slot, unsigned int vcpus)
{
	assert_int_equal(words_take(CONTROL_VCPUS), -1);
	assert_int_equal(words_take((int)(CONTROL_VCPUS_BASE + slot)), -1);
	assert_int_equal(words_take((int)(CONTROL_VCPUS_BASE + vcpus)), -1);
}

static void assert_next(unsigned int slot, unsigned int vcpus)
{
	unsigned int got_slot, got_vcpus;

	assert_true(words_kept);
	assert_true(words_next(&got_slot, &got_vcpus));
	assert_int_equal(got_slot, slot);
	assert_int_equal(got_vcpus, vcpus);
}

static void assert_no_more(void)
{
	unsigned int slot, vcpus;

	assert_false(words_next(&slot, &vcpus));
	assert_false(words_kept);
}

static void a_word_of_a_byte_is_handed_on(void **state)
{
	(void)state;
	assert_int_equal(words_take(CONTROL_BREAK), CONTROL_BREAK);
	assert_int_equal(words_take(CONTROL_GO), CONTROL_GO);
	assert_false(words_kept);
}

static void a_long_word_is_kept_when_it_is_whole(void **state)
{
	(void)state;
	words_take(CONTROL_VCPUS);
	words_take(CONTROL_VCPUS_BASE + 3);
	assert_false(words_kept);
	words_take(CONTROL_VCPUS_BASE + 32);
	assert_next(3, 32);
	assert_no_more();
	assert_int_equal(words_take(CONTROL_END), CONTROL_END);
}

static void the_last_about_a_domain_counts(void **state)
{
	(void)state;
	take(1, 4);
	take(0, 2);
	take(1, 5);
	assert_next(0, 2);
	assert_next(1, 5);
	assert_no_more();
}

static void what_cannot_be_is_dropped(void **state)
{
	(void)state;
	take(DOMAINS, 1);
	take(0, 0);
	take(0, 33);
	take(200, 200);
	assert_false(words_kept);
	assert_no_more();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word_of_a_byte_is_handed_on),
		cmocka_unit_test(a_long_word_is_kept_when_it_is_whole),
		cmocka_unit_test(the_last_about_a_domain_counts),
		cmocka_unit_test(what_cannot_be_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
