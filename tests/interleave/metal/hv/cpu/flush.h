/* SPDX-License-Identifier: MIT */
/* In the place of the instructions: the world's (world.h). */
#ifndef PW_HV_CPU_FLUSH_H
#define PW_HV_CPU_FLUSH_H

#include "tests/interleave/metal.h"

static inline void flush_all(void)
{
	world_forgets_all();
}

static inline void flush_page(uint64_t va)
{
	world_forgets_page(va);
}

#endif
