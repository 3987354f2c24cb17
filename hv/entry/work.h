/* SPDX-License-Identifier: MIT */
/* Called by entry.S on the way to a guest. */
#ifndef PW_HV_ENTRY_WORK_H
#define PW_HV_ENTRY_WORK_H

struct regs;
struct vcpu;

/* v->work is not empty. r is complete. */
void vcpu_do_work(struct vcpu *v, struct regs *r);

#endif
