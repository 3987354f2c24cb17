/* SPDX-License-Identifier: MIT */
/*
 * One time for all vCPUs, as a vDSO reads it: the two hand a turn to each
 * other, and who gets it reads its own clock, by its own numbers and its CPU's
 * counter. None may be behind what the other has read before.
 */
#include "kernels/vcpus/vcpus.h"

#define HAND_OVERS 20000
#define SPINS 1000
#define STABLE 1 /* the bit in `flags` that lets a vDSO read the counter */

static volatile unsigned int turn;
static volatile uint64_t latest;
static volatile uint64_t backward;
static uint64_t worst;

static void await_turn(unsigned int id)
{
	unsigned int spins = 0;

	while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != id) {
		if (++spins % SPINS == 0) {
			yield();
		}
	}
}

/* One after the other: who has the turn has the numbers. */
static void take_turns(unsigned int id)
{
	for (unsigned int i = 0; i < HAND_OVERS; i++) {
		uint64_t t;

		await_turn(id);
		t = now_by(&info_of(id)->time);
		if (t < latest) {
			backward++;
			worst = latest - t > worst ? latest - t : worst;
		}
		latest = t;
		__atomic_store_n(&turn, 1 - id, __ATOMIC_RELEASE);
	}
}

static void second(void)
{
	take_turns(1);
}

void check_time(void)
{
	uint64_t start = now_by(&info_of(0)->time);

	expect("the first's counter is as good as any CPU's",
	       info_of(0)->time.flags & STABLE, STABLE);
	expect("and so is the second's", info_of(1)->time.flags & STABLE,
	       STABLE);
	second_begin(second);
	take_turns(0);
	second_finish();
	say("time: %u hand-overs, %lu back, at most %lu ns", 2 * HAND_OVERS,
	    backward, worst);
	expect("time never runs backwards", (int64_t)backward, 0);
	expect_true("and went on", latest > start);
}
