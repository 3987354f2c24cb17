/* SPDX-License-Identifier: MIT */
/* The machine's other CPUs. */
#ifndef PW_HV_BOOT_START_H
#define PW_HV_BOOT_START_H

/* Starts as many as make `wanted` with this one; some may not come. */
void start_cpus(unsigned int wanted);

/* The domains are there: the others look for work. */
void start_release(void);

#endif
