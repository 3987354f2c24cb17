/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's lock and its flushes of other CPUs, the very sources
 * (hv/cpu/lock.c, alone.c, ipi.c), on the CPUs of this program.
 */
#ifndef PW_TESTS_INTERLEAVE_METAL_H
#define PW_TESTS_INTERLEAVE_METAL_H

#include <stdint.h>

#define METAL_CPUS 2

void metal_lock(void);
void metal_unlock(void);
void metal_alone(void);
void metal_alone_end(void);
void metal_quiet(void);
void metal_quiet_end(void);
/* CPUs as bits; va UINT64_MAX: everything. */
void metal_flush(uint32_t cpus, uint64_t va);
/* The interrupt's handler, or what a CPU does that waits. */
void metal_answer(void);

/* What the sources keep, as a part of the state. */
struct metal_state {
	uint64_t address[METAL_CPUS];
	uint32_t asked_by[METAL_CPUS];
	uint32_t unanswered[METAL_CPUS];
	unsigned int depth[METAL_CPUS];
	uint32_t owner;
	uint32_t waiting;
	uint32_t passed;
	uint32_t locks[METAL_CPUS];
	uint32_t alone[METAL_CPUS];
	uint32_t quiet; /* no holes behind it: it is hashed */
};
struct metal_state metal_save(void);
void metal_restore(const struct metal_state *s);

/* --- what world.c gives them: each is a step of the CPU that runs ----------
 */

unsigned int world_cpu(void);
void world_forgets_all(void);
void world_forgets_page(uint64_t va);
void world_waits(const char *what);
void world_interrupts(unsigned int cpu);

#endif
