/* SPDX-License-Identifier: MIT */
/*
 * A lock that is had in the order in which it was asked for. Whoever gives it
 * up and asks again at once, as a guest that does nothing but requests can make
 * its CPU do, comes behind all that wait: nobody waits for more stays of others
 * than there are CPUs.
 *
 * It is one word, 0 while it is free. Taken out of 0 it costs one atomic
 * instruction, given up none. Who does not find it so draws a number and waits
 * for its turn; numbers begin anew when nobody waits any more, so that a lock
 * at rest is always the same word.
 */
#ifndef PW_ENGINE_FAIR_LOCK_H
#define PW_ENGINE_FAIR_LOCK_H

#include <stdbool.h>
#include <stdint.h>

struct fair_lock {
	union {
		uint32_t word;
		struct {
			uint8_t held;
			uint8_t waiting; /* so many */
			uint8_t next;    /* number for who waits next */
			uint8_t turn;    /* number whose turn it is */
		};
	};
};

/* True: it is the caller's. Nobody may wait for it, either. */
static inline bool fair_lock_try(struct fair_lock *l)
{
	const struct fair_lock held = {.held = 1};
	uint32_t nobody = 0;

	return __atomic_compare_exchange_n(&l->word, &nobody, held.word, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* The caller waits from now on, by this number. */
static inline uint8_t fair_lock_queue(struct fair_lock *l)
{
	struct fair_lock was = {
		.word = __atomic_load_n(&l->word, __ATOMIC_RELAXED)};
	struct fair_lock now;

	do {
		now = was;
		now.waiting++;
		now.next++;
	} while (!__atomic_compare_exchange_n(&l->word, &was.word, now.word,
					      false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return was.next;
}

/* Is it free, and that number's turn? Then it is the caller's. */
static inline bool fair_lock_turn(struct fair_lock *l, uint8_t number)
{
	struct fair_lock was = {
		.word = __atomic_load_n(&l->word, __ATOMIC_RELAXED)};
	struct fair_lock now = was;

	if (was.held != 0 || was.turn != number) {
		return false;
	}
	now.held = 1;
	now.turn++;
	now.waiting--;
	if (now.waiting == 0) {
		now.next = 0;
		now.turn = 0;
	}
	return __atomic_compare_exchange_n(&l->word, &was.word, now.word, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void fair_lock_give_up(struct fair_lock *l)
{
	__atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
}

static inline bool fair_lock_wanted(const struct fair_lock *l)
{
	return __atomic_load_n(&l->waiting, __ATOMIC_RELAXED) != 0;
}

#endif
