/* SPDX-License-Identifier: MIT */
/* In the place of the instructions: the world's (world.h). */
#ifndef PW_HV_CPU_X86_H
#define PW_HV_CPU_X86_H

#include "tests/interleave/metal.h"

static inline uint64_t x86_read_cr3(void)
{
	return 0;
}
/* The same root again: all translations go. */
static inline void x86_write_cr3(uint64_t root)
{
	(void)root;
	world_forgets_all();
}
static inline void x86_invlpg(uint64_t va)
{
	world_forgets_page(va);
}
/* Between domains' lives only, which is not among what is explored. */
static inline void x86_take_interrupts(void)
{
	world_waits("takes interrupts");
}
/* No time goes by: that the lock is handed on after some is tried by turns. */
static inline uint64_t x86_rdtsc(void)
{
	return 0;
}

static inline void x86_pause(void)
{
	world_waits("waits");
}

#endif
