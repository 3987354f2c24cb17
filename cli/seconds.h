/* SPDX-License-Identifier: MIT */
/* Clocks, in seconds. */
#ifndef PW_CLI_SECONDS_H
#define PW_CLI_SECONDS_H

#include <time.h>

static inline double seconds_of(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Since some moment in the past; it only goes on. */
static inline double seconds_now(void)
{
	return seconds_of(CLOCK_MONOTONIC);
}

/* For poll. */
static inline int milliseconds_to(double deadline)
{
	double left = (deadline - seconds_now()) * 1000 + 1;

	/* Waking early is harmless: the loop looks at the clock again. */
	return left < 0 ? 0 : left > 1e6 ? 1000000 : (int)left;
}

#endif
