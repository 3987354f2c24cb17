/* SPDX-License-Identifier: MIT */
/* What a CPU asks of others. See ipi.c. */
#ifndef PW_HV_CPU_IPI_H
#define PW_HV_CPU_IPI_H

#include <stdint.h>

#define IPI_FLUSH_ALL UINT64_MAX /* no address: everything */

/*
 * The CPUs of that set (bit n: CPU n; this one is left out) forget the
 * address's translation, or all. They have when this returns. Meanwhile this
 * one answers what is asked of it, with whatever locks it holds.
 */
void ipi_flush(uint32_t cpus, uint64_t va);
/* Carries out what is asked of this CPU, if anything is. */
void ipi_answer(void);
/* Looks at its vCPUs again. */
void ipi_wake(unsigned int cpu);
/* For good, and off all guests' tables. */
void ipi_stop_others(void);
/* Flushes that this machine has asked of other CPUs. */
extern uint64_t ipi_flushes;

#endif
