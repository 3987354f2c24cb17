/* SPDX-License-Identifier: MIT */
/*
 * The simulator's only source of chance: splitmix64. The same seed gives the
 * same machine, the same evictions and the same run, on any host.
 */
#ifndef PW_SIM_RANDOM_H
#define PW_SIM_RANDOM_H

#include <stdint.h>

struct sim_random {
	uint64_t state;
};

static inline struct sim_random sim_random_seed(uint64_t seed)
{
	return (struct sim_random){seed};
}

static inline uint64_t sim_random_next(struct sim_random *r)
{
	uint64_t x = r->state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/* In [0, n); n is not 0. */
static inline uint64_t sim_random_below(struct sim_random *r, uint64_t n)
{
	return sim_random_next(r) % n;
}

/* In [low, high], both included. */
static inline uint64_t sim_random_between(struct sim_random *r, uint64_t low,
					  uint64_t high)
{
	return low + sim_random_below(r, high - low + 1);
}

#endif
