/* SPDX-License-Identifier: MIT */
/*
 * The four functions that a compiler may call by itself. String instructions
 * move eight bytes at a time, which is as good as the CPU gets without vector
 * registers, and those belong to the guest here.
 */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	void *d = to;
	size_t words = size / 8;
	size_t rest = size % 8;

	__asm__ volatile("rep movsq"
			 : "+D"(d), "+S"(from), "+c"(words)
			 :
			 : "memory");
	__asm__ volatile("rep movsb"
			 : "+D"(d), "+S"(from), "+c"(rest)
			 :
			 : "memory");
	return to;
}

void *memmove(void *to, const void *from, size_t size)
{
	uint8_t *d = to;
	const uint8_t *s = from;

	if ((uintptr_t)d - (uintptr_t)s >= size) {
		return memcpy(to, from, size);
	}
	/* The target begins inside the source: from the end down. */
	d += size - 1;
	s += size - 1;
	__asm__ volatile("std; rep movsb; cld"
			 : "+D"(d), "+S"(s), "+c"(size)
			 :
			 : "memory");
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	void *d = to;
	uint64_t word = (uint8_t)byte * UINT64_C(0x0101010101010101);
	size_t words = size / 8;
	size_t rest = size % 8;

	__asm__ volatile("rep stosq"
			 : "+D"(d), "+c"(words)
			 : "a"(word)
			 : "memory");
	__asm__ volatile("rep stosb"
			 : "+D"(d), "+c"(rest)
			 : "a"(word)
			 : "memory");
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *p = a;
	const uint8_t *q = b;
	size_t i = 0;

	/* Words that are the same need no closer look. */
	for (; size - i >= 8; i += 8) {
		uint64_t x, y;

		__builtin_memcpy(&x, p + i, 8);
		__builtin_memcpy(&y, q + i, 8);
		if (x != y) {
			break;
		}
	}
	for (; i < size; i++) {
		if (p[i] != q[i]) {
			return p[i] < q[i] ? -1 : 1;
		}
	}
	return 0;
}
