/* SPDX-License-Identifier: MIT */
/*
 * Loads and stores that may be faults. The handler jumps back to where the
 * access was tried; SA_NODEFER, so that the signal is not blocked from then
 * on. A fault that nobody expects ends the program.
 */
#include "torture.h"

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>

static __thread sigjmp_buf back;
static __thread volatile sig_atomic_t expected;

static void on_fault(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	(void)context;
	if (!expected) {
		fail("a fault that nobody expects");
	}
	expected = 0;
	siglongjmp(back, 1);
}

void fault_init(void)
{
	struct sigaction act = {
		.sa_sigaction = on_fault,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};

	sigemptyset(&act.sa_mask);
	if (sigaction(SIGSEGV, &act, NULL) != 0 ||
	    sigaction(SIGBUS, &act, NULL) != 0) {
		fail("sigaction");
	}
}

static bool fell(void)
{
	__atomic_fetch_add(&tally->faults, 1, __ATOMIC_RELAXED);
	return true;
}

bool load_faults(const volatile unsigned char *at)
{
	if (sigsetjmp(back, 0) != 0) {
		return fell();
	}
	expected = 1;
	(void)*at;
	expected = 0;
	return false;
}

bool store_faults(volatile unsigned char *at, unsigned char value)
{
	if (sigsetjmp(back, 0) != 0) {
		return fell();
	}
	expected = 1;
	*at = value;
	expected = 0;
	return false;
}

bool add_many(volatile uint64_t *at, unsigned int n)
{
	if (sigsetjmp(back, 0) != 0) {
		return !fell();
	}
	expected = 1;
	for (unsigned int i = 0; i < n; i++) {
		*at = *at + 1;
	}
	expected = 0;
	return true;
}
