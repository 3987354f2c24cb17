/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls by chance (random=SEED ops=N on the command line; the same seed,
 * the same calls): all numbers, arguments from a box of values that are each
 * wrong or right somewhere, and stores to what they have mapped. The kernel
 * lives to the end of it: what is tested is that the hypervisor does too,
 * that it comes back from each call, and that its audit finds every count
 * right. With show=N, each call from the Nth on is printed before it is made.
 */
#include "kernels/bad-hypercalls/random.h"

#define FILL_EVERY 16
#define RESET_EVERY 128
#define STORES_EVERY 4

#define DEBUG 1

static uint64_t state;
static uint64_t traps;
static uint64_t done;

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t next(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

uint64_t chance(uint64_t n)
{
	return next() % n;
}

/* Breakpoints that a set_debugreg has left behind. */
static bool take_trap(struct trap_frame *f, uint64_t cr2)
{
	(void)cr2;
	traps++;
	if (f->vector != DEBUG) {
		say("random: trap after %lu hypercalls", done);
	}
	return f->vector == DEBUG;
}

static void show(uint64_t i, const struct random_call *c)
{
	say("random: %lu: %lu(%lx, %lx, %lx, %lx, %lx)", i, (uint64_t)c->nr,
	    c->arg[0], c->arg[1], c->arg[2], c->arg[3], c->arg[4]);
}

/* True if the call was not refused. */
static bool issue(const struct random_call *c)
{
	int64_t rc = hypercall(c->nr, c->arg[0], c->arg[1], c->arg[2],
			       c->arg[3], c->arg[4]);

	/* It may have changed the handlers. */
	switch (c->nr) {
	case __HYPERVISOR_set_trap_table:
	case __HYPERVISOR_multicall:
	case __HYPERVISOR_nmi_op:
	case __HYPERVISOR_callback_op:
		traps_init(NULL);
		break;
	default:
		break;
	}
	return rc >= 0;
}

void random_calls(const struct bad *b, uint64_t seed, uint64_t ops,
		  uint64_t show_from)
{
	uint64_t taken = 0;
	uint64_t stored = 0;

	say("random: seed %lu, %lu hypercalls", seed, ops);
	state = seed;
	traps_expect(take_trap);
	box_init(b);
	lists_init(b);
	for (done = 0; done < ops; done++) {
		struct random_call c;

		if (done % RESET_EVERY == 0) {
			box_reset();
		}
		if (done % FILL_EVERY == 0) {
			args_fill();
			box_grants();
		}
		c = random_draw();
		if (done >= show_from) {
			show(done, &c);
		}
		taken += issue(&c);
		for (unsigned int i = 0; i < STORES_EVERY; i++) {
			stored += probe_write(box_window() + chance(512) * 8,
					      box_pte(), NULL, NULL) < 0;
		}
	}
	box_reset();
	say("random: %lu of %lu hypercalls were not refused, %lu stores went "
	    "through, %lu breakpoints",
	    taken, done, stored, traps);
	say("random: %lu hypercalls from seed %lu", done, seed);
}
