/* SPDX-License-Identifier: MIT */
/*
 * What one domain asks about itself alone goes without the machine's lock, and
 * the machine can be made quiet. See alone.c.
 */
#ifndef PW_HV_CPU_ALONE_H
#define PW_HV_CPU_ALONE_H

#include <stdbool.h>

#include "hv/cpu/lock.h"

/*
 * Every request takes the machine's lock all the same: the run is recorded or
 * watched, and requests are told in one order. Set before other CPUs run.
 */
extern bool alone_never;

void alone_begin_many(void);
void alone_end_many(void);

/*
 * Around what touches nothing but the caller's vCPU and, by the engine's doors,
 * its domain. The machine's lock is not taken inside.
 */
static inline void alone_begin(void)
{
	if (__builtin_expect(nr_cpus > 1, 0)) {
		alone_begin_many();
	}
}

static inline void alone_end(void)
{
	if (__builtin_expect(nr_cpus > 1, 0)) {
		alone_end_many();
	}
}

/* In the midst of it, something that needs the machine's lock. */
void alone_share(void);
void alone_share_end(void);

/*
 * By the holder of the machine's lock, who holds no other: no CPU is inside a
 * request that is carried out alone, and none begins one, until the end.
 */
void machine_quiet(void);
void machine_quiet_end(void);
/* Does somebody wait for that? */
bool machine_quiet_wanted(void);

#endif
