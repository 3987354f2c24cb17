/* SPDX-License-Identifier: MIT */
/* The instruction of include/abi/pipe.h. */
#ifndef PW_HV_EMUL_PIPE_H
#define PW_HV_EMUL_PIPE_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/pipe.h"

struct regs;
struct vcpu;

/* Boot option `pipe`. */
extern bool pipe_wanted;

/* The rings, all zero. */
void pipe_init(struct pipe_rings *rings);

/* May what the vCPU runs use it? */
bool pipe_is_for(const struct vcpu *v);
/* At an invalid opcode. False: it is none of ours. */
bool emulate_pipe(struct vcpu *v, struct regs *r);

#endif
