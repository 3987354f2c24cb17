/* SPDX-License-Identifier: MIT */
/*
 * The pipes by which a machine is made to stand: the test writes to them as
 * QEMU does, and is told each time that there is no room, until it may go on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/pauses.h"

static bool goes_on(const struct pauses *p, unsigned int turn)
{
	const char byte = 0;

	if (write(p->theirs[turn], &byte, 1) == 1) {
		return true;
	}
	assert_int_equal(errno, EAGAIN);
	return false;
}

static void each_pause_stands_until_it_is_released(void **state)
{
	struct pauses p;

	(void)state;
	assert_true(pauses_open(&p));
	for (unsigned int i = 0; i < 1000; i++) {
		assert_false(goes_on(&p, i % 2));
		assert_false(goes_on(&p, i % 2));
		pauses_release(&p);
		assert_true(goes_on(&p, i % 2));
	}
	pauses_close(&p);
}

/* As we may be told of it before the machine comes to it. */
static void a_pause_that_is_released_before_does_not_stand(void **state)
{
	struct pauses p;

	(void)state;
	assert_true(pauses_open(&p));
	for (unsigned int i = 0; i < 1000; i++) {
		pauses_release(&p);
		assert_true(goes_on(&p, i % 2));
	}
	pauses_close(&p);
	pauses_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_pause_stands_until_it_is_released),
		cmocka_unit_test(
			a_pause_that_is_released_before_does_not_stand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
