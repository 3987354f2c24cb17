/* SPDX-License-Identifier: MIT */
/* The hypervisor's, but for how a CPU is found: the test says which it is. */
#ifndef PW_TESTS_METAL_CPU_H
#define PW_TESTS_METAL_CPU_H

#define cpu_here cpu_by_stack
#include_next "hv/cpu/cpu.h"
#undef cpu_here

struct cpu *cpu_here(void);

#endif
