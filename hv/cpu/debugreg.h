/* SPDX-License-Identifier: MIT */
/* The CPU's debug registers, and whose they are. */
#ifndef PW_HV_CPU_DEBUGREG_H
#define PW_HV_CPU_DEBUGREG_H

#include <stdint.h>

#define DEBUGREGS 4
/* Which of the four has hit, in DR6. */
#define DR6_HITS 0xf
/* Is any on, in DR7? */
#define DR7_ENABLES UINT64_C(0xff)

/* 0 to 3, 6 or 7. */
void debugreg_write(unsigned int number, uint64_t value);
/* Reads DR6 and clears it: what has happened since. */
uint64_t debugreg_take_status(void);

/*
 * The registers become the hypervisor's: it is told of every write to 8 bytes
 * at each of these addresses, aligned; 0: none. The guest's are not loaded
 * while cpu->watching is set.
 */
void debugreg_watch(const uint64_t address[DEBUGREGS]);

#endif
