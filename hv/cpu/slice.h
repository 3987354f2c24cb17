/* SPDX-License-Identifier: MIT */
/*
 * How long the hypervisor keeps a CPU from its guest. See slice.c.
 */
#ifndef PW_HV_CPU_SLICE_H
#define PW_HV_CPU_SLICE_H

#include <stdbool.h>
#include <stdint.h>

#include "hv/cpu/cpu.h"
#include "hv/cpu/x86.h"

/* Boot option `stretch`: every entry and every way out is timed. */
extern bool slice_measured;

/* The guest has been left, or the hypervisor begins something of its own. */
static inline void slice_begin(void)
{
	struct slice *s = &cpu_here()->slice;

	s->end = 0;
	if (slice_measured) {
		s->asked = x86_rdtsc();
		s->began = s->asked;
	}
}

/* What took so long, just now, is no part of the request's work. */
static inline void slice_forgive(uint64_t cycles)
{
	struct slice *s = &cpu_here()->slice;

	if (s->end != 0) {
		s->end += cycles;
	}
}

/* Nothing has been measured yet. */
void slice_reset(void);
/* Should what runs on this CPU make room now? wanted: another CPU waits. */
bool slice_over(bool wanted);
/* The guest is about to be entered, or the CPU to sleep. */
void slice_leave(void);

#endif
