/* SPDX-License-Identifier: MIT */
/*
 * Entries of 8 bytes, read and exchanged at once: compilers call these where
 * the processor is an i686 and its floating-point unit is not to be used. A
 * load must not be made of cmpxchg8b, which writes, because most of what is
 * read are tables that are mapped read-only; it reads both halves until they
 * fit.
 */
#include <stdbool.h>
#include <stdint.h>

uint64_t load_8(const volatile void *at, int order) __asm__("__atomic_load_8");
uint64_t exchange_8(volatile void *at, uint64_t value,
		    int order) __asm__("__atomic_exchange_8");
bool compare_8(volatile void *at, void *expected, uint64_t value, int order,
	       int failed) __asm__("__atomic_compare_exchange_8");

uint64_t load_8(const volatile void *at, int order)
{
	const volatile uint32_t *half = at;
	uint32_t low;
	uint32_t high;

	(void)order;
	do {
		high = half[1];
		low = half[0];
	} while (high != half[1] || low != half[0]);
	return (uint64_t)high << 32 | low;
}

bool compare_8(volatile void *at, void *expected, uint64_t value, int order,
	       int failed)
{
	uint64_t *want = expected;
	bool same;

	(void)order;
	(void)failed;
	__asm__ volatile("lock cmpxchg8b %1\n\t"
			 "sete %0"
			 : "=q"(same), "+m"(*(volatile uint64_t *)at),
			   "+A"(*want)
			 : "b"((uint32_t)value), "c"((uint32_t)(value >> 32))
			 : "memory", "cc");
	return same;
}

uint64_t exchange_8(volatile void *at, uint64_t value, int order)
{
	uint64_t old = load_8(at, order);

	while (!compare_8(at, &old, value, order, order)) {
	}
	return old;
}
