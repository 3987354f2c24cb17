/* SPDX-License-Identifier: MIT */
/* Results, one line of TAP each, and their sum (expect.c). */
#ifndef PW_KERNELS_EXPECT_H
#define PW_KERNELS_EXPECT_H

#include <stdbool.h>
#include <stdint.h>

/* The result of something, and what it should be. */
void expect(const char *what, int64_t got, int64_t want);
/* The same for a condition. */
void expect_true(const char *what, bool got);
/* Says the sum, and powers off; a failure crashes the domain. */
_Noreturn void expect_end(void);

#endif
