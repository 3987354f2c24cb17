/* SPDX-License-Identifier: MIT */
/*
 * Atomic bit operations on words that the guest writes too, and numbers any
 * of its CPUs may race on. One locked instruction each.
 */
#ifndef PW_HV_SERVICES_EVENT_BITS_H
#define PW_HV_SERVICES_EVENT_BITS_H

#include <stdbool.h>
#include <stdint.h>

/* `nr` counts from bit 0 of words[0]; the caller has checked it. */
static inline bool bit_test_and_set(unsigned long *words, uint64_t nr)
{
	bool was;

	__asm__ volatile("lock btsq %2, %0"
			 : "+m"(words[nr / 64]), "=@ccc"(was)
			 : "r"(nr % 64)
			 : "memory");
	return was;
}

static inline bool bit_test_and_clear(unsigned long *words, uint64_t nr)
{
	bool was;

	__asm__ volatile("lock btrq %2, %0"
			 : "+m"(words[nr / 64]), "=@ccc"(was)
			 : "r"(nr % 64)
			 : "memory");
	return was;
}

/* In a word of a 32-bit guest, which may end a page. */
static inline bool bit_test_and_set_32(uint32_t *word, uint32_t nr)
{
	bool was;

	__asm__ volatile("lock btsl %2, %0"
			 : "+m"(*word), "=@ccc"(was)
			 : "r"(nr % 32)
			 : "memory");
	return was;
}

static inline bool bit_test(const unsigned long *words, uint64_t nr)
{
	unsigned long w = __atomic_load_n(&words[nr / 64], __ATOMIC_RELAXED);

	return (w >> (nr % 64)) & 1;
}

#endif
