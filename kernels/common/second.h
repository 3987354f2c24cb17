/* SPDX-License-Identifier: MIT */
/* A kernel's second vCPU, which does one job after the other. */
#ifndef PW_KERNELS_SECOND_H
#define PW_KERNELS_SECOND_H

#include "kernels/common/pv.h"

#define SECOND_ARGUMENT 0x1234

typedef void second_fn(void);

/* Of any vCPU, by its number. */
int64_t vcpu_op_on(unsigned int cmd, unsigned int id, void *op);

/* Registers and tables to begin with: those of the first. */
void second_context(const struct pv *pv, struct vcpu_guest_context *c);
/* What it got as its first argument; 0: it has not begun. */
uint64_t second_given(void);
/* How often its callback for events was called. */
uint64_t second_events(void);

void second_begin(second_fn *fn);
/* Waits until the job is done. */
void second_finish(void);
/* The two in one. */
void second_do(second_fn *fn);

#endif
