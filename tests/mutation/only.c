/* SPDX-License-Identifier: MIT */
/* Linked into a test program: it runs the one test that PW_ONLY names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

__attribute__((constructor)) static void only(void)
{
	const char *name = getenv("PW_ONLY");

	if (name != NULL) {
		cmocka_set_test_filter(name);
	}
}
