/* SPDX-License-Identifier: MIT */
/* The lock of what is written: see output.c. */
#ifndef PW_HV_CPU_OUTPUT_H
#define PW_HV_CPU_OUTPUT_H

#include "hv/cpu/cpu.h"

void output_lock_many(void);
void output_unlock_many(void);

/* May be taken again by the CPU that holds it. */
static inline void output_lock(void)
{
	if (__builtin_expect(nr_cpus > 1, 0)) {
		output_lock_many();
	}
}

static inline void output_unlock(void)
{
	if (__builtin_expect(nr_cpus > 1, 0)) {
		output_unlock_many();
	}
}

#endif
