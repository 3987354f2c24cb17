/* SPDX-License-Identifier: MIT */
/*
 * The four functions that compilers call. By string instructions: the CPU
 * knows best how to move a page.
 */
#include "kernels/common/kernel.h"

void *memcpy(void *to, const void *from, size_t nr)
{
	void *d = to;
	size_t words = nr / sizeof(size_t);
	size_t rest = nr % sizeof(size_t);

	__asm__ volatile(WORD_MOVE "\n\t"
				   "mov %3, %2\n\t"
				   "rep movsb"
			 : "+D"(d), "+S"(from), "+c"(words)
			 : "r"(rest)
			 : "memory");
	return to;
}

void *memset(void *to, int byte, size_t nr)
{
	void *d = to;
	size_t words = nr / sizeof(size_t);
	size_t rest = nr % sizeof(size_t);
	size_t pattern = (uint8_t)byte * (SIZE_MAX / UINT8_MAX);

	__asm__ volatile(WORD_FILL "\n\t"
				   "mov %2, %1\n\t"
				   "rep stosb"
			 : "+D"(d), "+c"(words)
			 : "r"(rest), "a"(pattern)
			 : "memory");
	return to;
}

void *memmove(void *to, const void *from, size_t nr)
{
	volatile uint8_t *d = to;
	const uint8_t *s = from;

	if (d <= s || d >= s + nr) {
		return memcpy(to, from, nr);
	}
	while (nr-- > 0) {
		d[nr] = s[nr];
	}
	return to;
}

int memcmp(const void *a, const void *b, size_t nr)
{
	const uint8_t *x = a;
	const uint8_t *y = b;

	for (size_t i = 0; i < nr; i++) {
		if (x[i] != y[i]) {
			return x[i] < y[i] ? -1 : 1;
		}
	}
	return 0;
}
