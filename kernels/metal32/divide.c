/* SPDX-License-Identifier: MIT */
/*
 * Numbers of 64 bits divided by a processor of 32: compilers call this. Numbers
 * are divided here only to be printed, so that one bit at a time is fast
 * enough.
 */
#include <stdint.h>

uint64_t __udivmoddi4(uint64_t a, uint64_t b, uint64_t *rest);
uint64_t __udivdi3(uint64_t a, uint64_t b);
uint64_t __umoddi3(uint64_t a, uint64_t b);

uint64_t __udivmoddi4(uint64_t a, uint64_t b, uint64_t *rest)
{
	uint64_t quotient = 0;
	uint64_t left = 0;

	for (int bit = 63; bit >= 0; bit--) {
		left = left << 1 | (a >> bit & 1);
		if (left >= b) {
			left -= b;
			quotient |= UINT64_C(1) << bit;
		}
	}
	if (rest != 0) {
		*rest = left;
	}
	return quotient;
}

uint64_t __udivdi3(uint64_t a, uint64_t b)
{
	return __udivmoddi4(a, b, 0);
}

uint64_t __umoddi3(uint64_t a, uint64_t b)
{
	uint64_t rest;

	(void)__udivmoddi4(a, b, &rest);
	return rest;
}
