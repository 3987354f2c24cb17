/* SPDX-License-Identifier: MIT */
/* A guest's direct writes to its page tables (#PF). */
#ifndef PW_HV_EMUL_PTWR_H
#define PW_HV_EMUL_PTWR_H

#include <stdbool.h>
#include <stdint.h>

struct regs;
struct vcpu;

enum ptwr {
	PTWR_DONE,     /* carried out, or to be tried again */
	PTWR_ORDINARY, /* the fault is the guest's, as of copy on write */
	PTWR_REFUSED,  /* likewise, and somebody may want to know why */
};
enum ptwr ptwr_fault(struct vcpu *v, struct regs *r, uint64_t cr2,
		     uint32_t error);

#endif
