/* SPDX-License-Identifier: MIT */
/* Results, one line of TAP each, counted for the last one. */
#include "kernels/common/expect.h"

#include "kernels/common/kernel.h"

static uint64_t passed;
static uint64_t failed;

void expect(const char *what, int64_t got, int64_t want)
{
	if (got == want) {
		passed++;
		say("ok %lu - %s", passed + failed, what);
		return;
	}
	failed++;
	say("not ok %lu - %s: %ld, expected %ld", passed + failed, what, got,
	    want);
}

void expect_true(const char *what, bool got)
{
	expect(what, got, true);
}

_Noreturn void expect_end(void)
{
	say("%lu passed, %lu failed", passed, failed);
	shut_down(failed == 0 ? SHUTDOWN_poweroff : SHUTDOWN_crash);
}
