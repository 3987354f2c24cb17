/* SPDX-License-Identifier: MIT */
/* Which vCPU a CPU runs. See schedule.c. */
#ifndef PW_HV_SCHEDULE_SCHEDULE_H
#define PW_HV_SCHEDULE_SCHEDULE_H

#include <stdbool.h>

struct domain;
struct vcpu;

/* So many CPUs will run vCPUs; before any vCPU is added. */
void schedule_cpus(unsigned int nr);
/* Gives a new vCPU its CPU. */
void schedule_add(struct vcpu *v);
/* One that will not run any more. */
void schedule_remove(const struct vcpu *v);
/* From here on other CPUs may run: the lock counts. */
void schedule_begin(void);

/*
 * Something runs here again, with its state in the CPU, when this returns. The
 * machine's lock is held once, and let go meanwhile.
 */
void schedule(void);
/* Does another CPU still have a vCPU of the domain? */
bool schedule_elsewhere(const struct domain *d);
/* This CPU has no vCPU, nor anybody's tables, any more. */
void schedule_leave(void);
/* May somebody else have the CPU instead of the one that has it? */
bool schedule_others_wait(void);

#endif
